"""What happens to each attribute: PS3.15 Annex E, read from tables, and everything else removed.

``tables/confidentiality_profile.csv`` is Table E.1-1: the action of the Basic Application Level
Confidentiality Profile as of edition 2026c, those of the options as of 2024d (attributes that came later have
the basic action whatever the option). ``tables/allowed.csv`` are the attributes that the table does not name
and that stay: those of the image information objects of PS3.3 Annex A that describe acquisition, geometry and
pixels. The profile would let every standard attribute stay that its table does not name; here one that
neither table names is removed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword

EDITION = "PS3.15 2026c"
TABLES = Path(__file__).with_name("tables")
CHARACTERISTICS = {"sex": 0x00100040, "age": 0x00101010, "size": 0x00101020, "weight": 0x00101030}
"""What a policy can keep of a patient (option of E.3.6), by the policy's word."""
_DESCRIBING = frozenset({0x0008, 0x0018, 0x0020, 0x0028, 0x0040, 0x0054})
"""Groups whose descriptors the option cleans: of studies, series, images and procedures. Those of patients
and visits, which it would clean too, are removed."""
TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT", "AE"})
DATE_VRS = frozenset({"DA", "DT", "TM"})


class Action(StrEnum):
    """What becomes of an attribute; the letters are those of Table E.1-1a."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    UID = "U"
    KEEP = "K"
    CLEAN = "C"
    """Text, without what identifies."""
    SHIFT = "shift"
    """A date or time, moved as all of the patient (C of the option with modified dates)."""
    OWN = "own"
    """Set by the gate itself: pseudonyms, characteristics, the marks of de-identification."""


OWN = frozenset(
    tag
    for keyword in (
        "SpecificCharacterSet",
        "PatientID",
        "AccessionNumber",
        "PatientName",
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
    )
    if (tag := tag_for_keyword(keyword)) is not None
)


@dataclass(frozen=True)
class Options:
    """The options of the profile that a policy takes (PS3.15 E.3)."""

    modified_dates: bool = False
    descriptors: bool = False
    characteristics: frozenset[str] = frozenset()

    def codes(self) -> Iterator[tuple[str, str]]:
        """Code and meaning of what was done (PS3.16 CID 7050)."""
        yield "113100", "Basic Application Confidentiality Profile"
        if self.descriptors:
            yield "113105", "Clean Descriptors Option"
        if self.modified_dates:
            yield "113107", "Retain Longitudinal Temporal Information Modified Dates Option"
        if self.characteristics:
            yield "113108", "Retain Patient Characteristics Option"


@dataclass(frozen=True)
class _Row:
    basic: str
    characteristics: str
    modified_dates: str
    descriptors: str


class Profile:
    """The table with a choice of options."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._kept = {CHARACTERISTICS[name] for name in options.characteristics}
        self._known: dict[int, Action] = {}

    def action(self, tag: int) -> Action:
        """What becomes of the attribute ``tag``, at any depth."""
        found = self._known.get(tag)
        if found is None:
            found = self._known[tag] = self._action(tag)
        return found

    def _action(self, tag: int) -> Action:
        group = tag >> 16
        if group % 2 or group < 0x0008 or not tag & 0xFFFF or group & 0xFF00 in (0x5000, 0x6000):
            return Action.REMOVE
        if tag in OWN or tag in self._kept:
            return Action.OWN
        row = confidentiality().get(tag)
        if row is None:
            return _kept(tag) if tag in allowed() else Action.REMOVE
        described = row.descriptors and group in _DESCRIBING and vr_of(tag) in TEXT_VRS
        if described and self.options.descriptors:
            return Action.CLEAN
        if row.modified_dates and self.options.modified_dates and vr_of(tag) in DATE_VRS:
            return Action.SHIFT
        return _basic(tag, row.basic)


def _kept(tag: int) -> Action:
    vr = vr_of(tag)
    if vr == "UI":
        return Action.UID
    return Action.CLEAN if vr in TEXT_VRS else Action.KEEP


def _basic(tag: int, code: str) -> Action:
    """One action of those that the table leaves to choose: the one that leaves least and stays conformant."""
    sequence = vr_of(tag) == "SQ"
    if code == "U":
        return Action.UID
    if code == "X/Z/U*":
        return Action.KEEP  # A sequence of references: its UIDs are replaced.
    if code == "X" or sequence:
        return Action.REMOVE
    if code in ("Z", "X/Z"):
        return Action.EMPTY
    return Action.DUMMY if vr_of(tag) in TEXT_VRS | DATE_VRS | {"CS"} else Action.REMOVE


@cache
def confidentiality() -> dict[int, _Row]:
    """Table E.1-1 by tag, without its repeating groups, which `Profile` removes as groups."""
    with (TABLES / "confidentiality_profile.csv").open(encoding="utf-8", newline="") as file:
        return {
            int(row["tag"], 16): _Row(
                row["basic"], row["patient_characteristics"], row["modified_dates"], row["descriptors"]
            )
            for row in csv.DictReader(file)
            if "x" not in row["tag"]
        }


@cache
def allowed() -> frozenset[int]:
    """The attributes that the table does not name and that stay."""
    with (TABLES / "allowed.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(int(row["tag"], 16) for row in csv.DictReader(file))


@cache
def vr_of(tag: int) -> str:
    """The value representation of PS3.6; of "US or SS", US; UN where PS3.6 does not know the attribute."""
    try:
        return dictionary_VR(tag).split(" ", maxsplit=1)[0]
    except KeyError:
        return "UN"


@cache
def most_values(tag: int) -> int | None:
    """How many values the attribute may have; None where there is no limit."""
    last = dictionary_VM(tag).split("-")[-1]
    return None if last.endswith("n") else int(last)


@cache
def shown(tag: int) -> str:
    """The attribute as a finding names it."""
    name = keyword_for_tag(tag)
    place = f"({tag >> 16:04x},{tag & 0xFFFF:04x})"
    return f"{place} {name}" if name else place
