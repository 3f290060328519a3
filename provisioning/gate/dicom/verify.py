"""Whether the files that were made may be granted: every one read again, whatever treatment says it did.

Each file is compared with the table of attributes, with the detectors of identifiers, and with the file that
it was made of: what names someone there must not be said here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydicom.dataset import Dataset

from provisioning.gate.dicom import files, pixels, uids, values
from provisioning.gate.dicom.deidentify import ACCESSION_CHARACTERS, METHOD, patient_of
from provisioning.gate.dicom.identity import Identity
from provisioning.gate.dicom.inspection import METHOD_CODES, Inspection, Place
from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import Profile, shown, vr_of
from provisioning.gate.dicom.structure import EXPLICIT, JPEG, JPEG_2000
from provisioning.gate.dicom.suspects import suspicions
from provisioning.gate.dicom.treat import Produced, Tally
from provisioning.gate.identifiers import ColumnScan
from provisioning.gate.identifiers.kinds import Kind
from provisioning.gate.pseudonyms import offset, pseudonym, trimmed
from provisioning.gate.report import Finding, Severity
from provisioning.gate.verification import FEW_NAMES

MESSAGES = {
    "dicom-damaged": "The file cannot be read as a DICOM image of the extract.",
    "dicom-preamble": "The file's preamble is not empty.",
    "dicom-trailing": "Something follows the file's last element.",
    "dicom-meta": "The file meta information is not what the gate writes.",
    "dicom-tag": "The attribute is not one that may stay.",
    "dicom-private": "The attribute is private to a manufacturer.",
    "dicom-value": "The attribute has a value, or one of another kind, where the profile leaves none.",
    "dicom-uid": "The UID is neither replaced nor of the standard.",
    "dicom-date": "The date is not the source's date moved by the patient's days.",
    "dicom-age": "The age is above the highest that may stay.",
    "dicom-pseudonym": "The patient or accession number is not the project's pseudonym.",
    "dicom-mark": "The file does not say how it was de-identified.",
    "dicom-pixels": "The pixels hold more than the image.",
    "dicom-name": "The file's name is not its instance.",
    "source-identifier": "A name, number or address of the source file stands in the attribute.",
    "identifier-content": "The attribute's values hold direct identifiers.",
    "suspect-pixels": "The pixels may show identifiers, and nothing admits the images.",
    "admitted-suspect": "The pixels may show identifiers: a second person must admit the images, too.",
    "head": "The images show a head or face, which a reconstruction may make recognizable.",
}
_META = frozenset({0x00020000, 0x00020001, 0x00020002, 0x00020003, 0x00020010, 0x00020012, 0x00020013})
_HEAD = re.compile(r"HEAD|BRAIN|SKULL|FACE|ORBIT|JAW|SINUS|NECK|ANGIO")
_VOLUMES = frozenset({"CT", "MR", "PT"})
_SCANNED = 2_000
"""Values of an attribute that are looked at as a column at once."""


class Verification:
    """Looks at each file made of one folder, and keeps counts and places alone."""

    def __init__(
        self, name: str, policy: ImagePolicy, key: bytes, shift_days: int, tolerated: frozenset[str]
    ) -> None:
        self._name, self._policy, self._key, self._shift_days = name, policy, key, shift_days
        self._tolerated = tolerated
        self._profile = Profile(policy.options)
        self._found: defaultdict[Place, Tally] = defaultdict(Tally)
        self._columns: dict[int, _Column] = {}
        self._files = 0

    def look(
        self, folder: Path, produced: Iterable[Produced], progress: Callable[[int], None]
    ) -> list[Finding]:
        """What is found in the files; positions are rows of the table of instances."""
        for position, one in enumerate(produced, start=1):
            self._files = position
            for place in set(self._file(folder, one, position)):
                self._found[place].add(position)
            progress(position)
        for tag, column in self._columns.items():
            for kind, count, positions in column.findings():
                tally = self._found[Place("identifier-content", shown(tag), kind)]
                if count > tally.count:
                    tally.count, tally.positions = count, positions
        return sorted(
            (self._finding(place, tally) for place, tally in self._found.items() if tally.count),
            key=lambda found: (found.severity, found.rule, found.column or "", found.kind or ""),
        )

    def _finding(self, place: Place, tally: Tally) -> Finding:
        attribute = (place.attribute or "").rpartition(" ")[2]
        reason = self._policy.expected.get((attribute, place.kind or ""))
        if place.kind == Kind.PERSON_NAME and tally.count > FEW_NAMES * self._files:
            reason = None
        severity = Severity.EXPLAINED if reason else Severity.BLOCKING
        if place.rule == "head" or place.kind in self._tolerated:
            severity, reason = Severity.NOTE, None
        if place.rule == "admitted-suspect":
            reason = self._policy.admit.get(place.kind or "")
        return Finding(
            place.rule,
            severity,
            MESSAGES[place.rule],
            table=self._name,
            column=place.attribute,
            kind=place.kind,
            count=tally.count,
            positions=tuple(tally.positions),
            reason=reason,
        )

    def _file(self, folder: Path, one: Produced, position: int) -> Iterator[Place]:
        for reason in one.admitted:
            yield Place("admitted-suspect", None, str(reason))
        try:
            with (
                files.quietly(),
                files.opened(folder / one.path) as made,
                files.opened(one.source) as source,
            ):
                yield from self._inside(made, source, position)
                yield from self._outside(made, one)  # Last: it converts values, which hides their bytes.
        except Exception:  # What cannot be read must not be granted, whatever the reason.
            yield Place("dicom-damaged", None)

    def _outside(self, made: files.Opened, one: Produced) -> Iterator[Place]:
        """What lies around the data set: preamble, meta information, tail, pixels."""
        dataset, meta, outline = made.dataset, made.meta, made.outline
        if outline.header[:128].strip(b"\0"):
            yield Place("dicom-preamble", None)
        if outline.end != outline.size:
            yield Place("dicom-trailing", None)
        instance = values.code_of(dataset, 0x00080018)
        if not (
            {int(tag) for tag in meta.keys()} == _META  # noqa: SIM118 - a Dataset
            and meta.MediaStorageSOPInstanceUID == instance
            and meta.MediaStorageSOPClassUID == values.code_of(dataset, 0x00080016)
            and meta.ImplementationClassUID == uids.IMPLEMENTATION
            and meta.ImplementationVersionName == files.IMPLEMENTATION_NAME
            and meta.TransferSyntaxUID in {EXPLICIT} | JPEG | JPEG_2000
        ):
            yield Place("dicom-meta", None)
        series = values.code_of(dataset, 0x0020000E)
        if one.path != f"{self._name}/{series}/{instance}.dcm":
            yield Place("dicom-name", None)
        if not pixels.alone(made.file, outline, dataset):
            yield Place("dicom-pixels", None)

    def _inside(self, made: files.Opened, source: files.Opened, position: int) -> Iterator[Place]:
        dataset, before = made.dataset, source.dataset
        charsets = values.charsets_of(before)
        identity = Identity.of(before, charsets)
        patient = patient_of(before, charsets)
        if patient is None:
            yield Place("dicom-damaged", None)
            return
        dates = self._dates(before, patient)
        for reason in suspicions(before):
            if reason not in self._policy.admit:
                yield Place("suspect-pixels", None, str(reason))
        modality, part = values.code_of(dataset, 0x00080060), values.code_of(dataset, 0x00180015)
        if modality in _VOLUMES and _HEAD.search(part.upper()):
            yield Place("head", None)
        number = trimmed(values.text_of(before, 0x00080050, charsets) or "")
        domain = self._policy.accession_number
        yield from self._marks(
            dataset,
            pseudonym(self._key, self._policy.patient_id, patient),
            pseudonym(self._key, domain, number) if domain and number else "",
        )

        def heard(tag: int, text: str) -> None:
            self._columns.setdefault(tag, _Column()).add(text, position)

        yield from Inspection(self._profile, identity, dates, heard).places(dataset)

    def _marks(self, dataset: Dataset, patient: str, number: str) -> Iterator[Place]:
        if values.code_of(dataset, 0x00100020) != patient:
            yield Place("dicom-pseudonym", shown(0x00100020))
        if values.code_of(dataset, 0x00080050) != number[:ACCESSION_CHARACTERS]:
            yield Place("dicom-pseudonym", shown(0x00080050))
        marks = {
            0x00080005: "ISO_IR 192",
            0x00120062: "YES",
            0x00120063: METHOD,
            0x00280303: "MODIFIED" if self._policy.options.modified_dates else "REMOVED",
        }
        for tag, wanted in marks.items():
            if values.code_of(dataset, tag) != wanted:
                yield Place("dicom-mark", shown(tag))
        codes = [
            {int(tag): values.code_of(item, int(tag)) for tag in item.keys()}  # noqa: SIM118 - a Dataset
            for item in (dataset[METHOD_CODES].value if METHOD_CODES in dataset else ())
        ]
        wanted_codes = [
            {0x00080100: value, 0x00080102: "DCM", 0x00080104: meaning}
            for value, meaning in self._policy.options.codes()
        ]
        if codes != wanted_codes:
            yield Place("dicom-mark", shown(METHOD_CODES))

    def _dates(self, source: Dataset, patient: str) -> frozenset[str]:
        """Every date of the source, moved by the patient's days."""
        if not self._policy.options.modified_dates:
            return frozenset()
        days = offset(self._key, patient, self._shift_days)
        return frozenset(
            moved
            for day in _days(source)
            if (moved := values.shifted(day.replace(".", ""), days)) is not None
        )


class _Column:
    """An attribute's values as a column, so that bare names are found as in a table."""

    def __init__(self) -> None:
        self._scan = ColumnScan("values")
        self._waiting: list[str] = []
        self._rows: list[int] = []
        self._seen: set[int] = set()

    def add(self, text: str, position: int) -> None:
        # Each text once: a thousand slices of one series say the same.
        digest = hash(text)
        if digest in self._seen:
            return
        self._seen.add(digest)
        self._waiting.append(text)
        self._rows.append(position)
        if len(self._waiting) >= _SCANNED:
            self._feed()

    def _feed(self) -> None:
        self._scan.feed(self._waiting)
        self._waiting = []

    def findings(self) -> Iterator[tuple[str, int, list[int]]]:
        """Kind, count of texts and the first files that say them."""
        self._feed()
        for found in self._scan.findings():
            if found.by == "content" and found.kind not in (Kind.DATE,):
                yield str(found.kind), found.count, sorted({self._rows[row] for row in found.positions})


def _days(dataset: Dataset) -> Iterator[str]:
    for tag in list(dataset.keys()):
        vr = vr_of(int(tag))
        if tag.is_private:
            continue
        if vr == "SQ":
            for item in dataset[tag].value or ():
                yield from _days(item)
        elif vr in ("DA", "DT") and (found := values.raw_of(dataset, int(tag))):
            for one in found[1].rstrip(b"\0 ").decode("latin-1").split("\\"):
                yield one.strip(" ")[: 10 if "." in one[:8] else 8]
