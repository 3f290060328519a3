"""Labelled texts and columns, and how found is compared with what was put in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from provisioning.gate.identifiers import Found, Kind

FAMILIES = (
    {Kind.DATE, Kind.BIRTH_DATE},
    {Kind.MOBILE_PHONE, Kind.LANDLINE_PHONE, Kind.FAX},
    {Kind.MEDICAL_RECORD_NUMBER, Kind.EXAMINATION_NUMBER},
    {Kind.ADDRESS, Kind.POSTCODE},
)
"""Kinds that stand for one another: finding a birth date as a date protects it as well."""


def same_family(one: Kind, other: Kind) -> bool:
    return one == other or any(one in family and other in family for family in FAMILIES)


@dataclass(frozen=True)
class Text:
    language: str
    family: str
    text: str
    truth: tuple[Found, ...]


@dataclass(frozen=True)
class Column:
    language: str
    name: str
    values: list[str | None]
    kind: Kind | None
    """What its content is; None: nothing that identifies anyone."""


def fill(
    language: str, family: str, template: str, makers: dict[str, tuple[Kind | None, Callable[[], str]]]
) -> Text:
    """A template's ``{place}``s filled; places whose kind is None are hard negatives."""
    parts: list[str] = []
    truth: list[Found] = []
    at = 0
    for written in re.split(r"(\{\w+\})", template):
        piece = written
        if piece.startswith("{"):
            kind, make = makers[piece[1:-1]]
            piece = make().replace("\n", " ")
            if kind is not None:
                truth.append(Found(start=at, end=at + len(piece), kind=kind))
        parts.append(piece)
        at += len(piece)
    return Text(language, family, "".join(parts), tuple(truth))


@dataclass
class Score:
    """Counts of one kind: put in, found wholly, reported, reported rightly."""

    truth: int = 0
    recalled: int = 0
    found: int = 0
    right: int = 0

    @property
    def recall(self) -> float:
        return self.recalled / self.truth if self.truth else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.truth + other.truth,
            self.recalled + other.recalled,
            self.found + other.found,
            self.right + other.right,
        )


@dataclass
class Scores:
    by_kind: dict[tuple[str, Kind], Score] = field(default_factory=lambda: defaultdict(Score))

    def total(self, language: str) -> Score:
        return sum((score for (one, _), score in self.by_kind.items() if one == language), Score())


def score_texts(texts: Iterable[Text], find: Callable[[str], list[Found]]) -> Scores:
    """An identifier is recalled when every letter and digit of it lies in what was found of its family; what was
    found is right when at least half of it is an identifier of its family."""
    scores = Scores()
    for text in texts:
        found = find(text.text)
        for true in text.truth:
            score = scores.by_kind[text.language, true.kind]
            score.truth += 1
            covered = {
                at for one in found if same_family(one.kind, true.kind) for at in range(one.start, one.end)
            }
            score.recalled += all(
                at in covered or not text.text[at].isalnum() for at in range(true.start, true.end)
            )
        for one in found:
            score = scores.by_kind[text.language, one.kind]
            score.found += 1
            inside = sum(
                max(0, min(one.end, true.end) - max(one.start, true.start))
                for true in text.truth
                if same_family(one.kind, true.kind)
            )
            score.right += 2 * inside >= one.end - one.start
    return scores


def score_columns(columns: Iterable[Column], scan: Callable[[Column], set[Kind]]) -> Scores:
    """One column counts once: recalled when its kind's family is among the findings."""
    scores = Scores()
    for column in columns:
        found = scan(column)
        if column.kind is not None:
            score = scores.by_kind[column.language, column.kind]
            score.truth += 1
            score.recalled += any(same_family(kind, column.kind) for kind in found)
        for kind in found:
            score = scores.by_kind[column.language, kind]
            score.found += 1
            score.right += column.kind is not None and same_family(kind, column.kind)
    return scores
