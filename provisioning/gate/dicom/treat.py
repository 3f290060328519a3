"""A folder of DICOM files into a folder of the extract, one file at a time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

from provisioning.gate.dicom import files
from provisioning.gate.dicom.deidentify import Deidentifier, Made, patient_of
from provisioning.gate.dicom.reasons import Reason, SetAside
from provisioning.gate.dicom.suspects import class_name, suspicions
from provisioning.gate.dicom.values import charsets_of, code_of
from provisioning.gate.report import POSITIONS
from provisioning.refusal import Refusal

MOST_FILES = 100_000
"""Images of one folder: each is an entry of the manifest, and every byte is compared before each mount."""


@dataclass(frozen=True)
class Produced:
    """One file of the extract: its path there, and the file it was made of."""

    path: str
    source: Path
    admitted: tuple[Reason, ...] = ()
    """Suspicions that the policy admits."""


@dataclass
class Tally:
    """How many, and the first of their places, from 1."""

    count: int = 0
    positions: list[int] = field(default_factory=list)

    def add(self, position: int) -> None:
        self.count += 1
        if len(self.positions) < POSITIONS:
            self.positions.append(position)


@dataclass
class Treated:
    """What became of a folder."""

    produced: list[Produced] = field(default_factory=list)
    set_aside: defaultdict[Reason, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By reason; positions are places in `files.below`."""
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    looked_at: int = 0


Row = Callable[[Dataset, Made, str], None]
"""Hears of each file made: what was written, what it was made as, and its path in the extract."""


def treat(  # noqa: PLR0917
    name: str,
    source: Path,
    target: Path,
    deidentifier: Deidentifier,
    row: Row,
    progress: Callable[[int, int], None],
) -> Treated:
    """De-identify the files below ``source`` into ``target``/``name``/SERIES/INSTANCE.dcm.

    Raises `Refusal` for more files than an extract may have.
    """
    listed = files.below(source)
    if len(listed) > MOST_FILES:
        raise Refusal(
            "{folder} holds {count} files; {most} are the most of one extract. Register it in parts.",
            folder=f"{source.name}/",
            count=len(listed),
            most=MOST_FILES,
        )
    treated = Treated()
    known: set[str] = set()
    for position, path in enumerate(listed, start=1):
        try:
            made, admitted, written = _treat_one(path, name, target, deidentifier, known)
        except SetAside as reason:
            treated.set_aside[reason.reason].add(position)
        else:
            known.add(written)
            treated.produced.append(Produced(written, path, admitted))
            treated.notes.update(made.notes)
            row(made.dataset, made, written)
        treated.looked_at = position
        progress(position, len(listed))
    treated.produced.sort(key=lambda one: one.path)
    return treated


def _treat_one(
    path: Path, name: str, target: Path, deidentifier: Deidentifier, known: set[str]
) -> tuple[Made, tuple[Reason, ...], str]:
    with files.quietly(), files.opened(path) as opened:
        source = opened.dataset
        try:
            class_name(code_of(source, 0x00080016))
            found = suspicions(source)
            for reason in found:
                if reason not in deidentifier.policy.admit:
                    raise SetAside(reason)
            patient = patient_of(source, charsets_of(source))
            if patient is None:
                raise SetAside(Reason.NO_PATIENT)
            made = deidentifier.make(source, patient)
            written = _path(name, made.dataset)
        except SetAside:
            raise
        except Exception:  # pydicom converts lazily and raises many kinds.
            raise SetAside(Reason.DAMAGED) from None
        if written in known:
            raise SetAside(Reason.DUPLICATE)
        place = target / written
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, made.dataset, opened)
        return made, tuple(found), written


def _path(name: str, made: Dataset) -> str:
    uids = [str(made.get(key) or "") for key in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    if not all(uids) or any("[" in uid for uid in uids):
        raise SetAside(Reason.DAMAGED)
    return f"{name}/{uids[1]}/{uids[2]}.dcm"
