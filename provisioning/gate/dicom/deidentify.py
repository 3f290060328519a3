"""One data set as profile and policy leave it: built anew from what may stay, never edited in place."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from provisioning.gate.dicom import uids, values
from provisioning.gate.dicom.identity import Identity
from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import CHARACTERISTICS, EDITION, TEXT_VRS, Action, Profile, shown, vr_of
from provisioning.gate.dicom.reasons import Reason, SetAside
from provisioning.gate.identifiers import find_in_text
from provisioning.gate.policy import Treatment
from provisioning.gate.pseudonyms import offset, pseudonym, trimmed
from provisioning.gate.transforms import redacted

METHOD = f"Carrel extract gate, {EDITION}"
ACCESSION_CHARACTERS = 16
"""Of an accession number's pseudonym, those that its representation SH holds; the index has all of it."""
MOST_VALUES = 1_000_000
"""Values of one file besides its pixels: each is an object in memory."""
_UNREADABLE = "text-unreadable"
_NOT_OF_TYPE = "value-not-of-its-type"
_SAID = "text-named-someone"


@dataclass(frozen=True)
class Made:
    """A data set without pixels, and what the index needs that it does not hold."""

    dataset: Dataset
    patient: str
    accession: str | None
    notes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Rule and attribute: how many values were emptied, and why."""


def patient_of(dataset: Dataset, charsets: tuple[str, ...]) -> str | None:
    """The one patient ID; None where there is none or several."""
    text = trimmed(values.text_of(dataset, 0x00100020, charsets) or "")
    return text if text and "\\" not in text else None


class Deidentifier:
    """Treats data sets by one policy, for one project's key."""

    def __init__(self, policy: ImagePolicy, key: bytes, shift_days: int) -> None:
        self.policy, self.profile = policy, Profile(policy.options)
        self._key, self._shift_days = key, shift_days
        self._remapped = lru_cache(100_000)(lambda uid: uids.remapped(key, uid))

    def make(self, source: Dataset, patient: str) -> Made:
        """``source``, of the patient ID ``patient``, de-identified."""
        charsets = values.charsets_of(source)
        days = offset(self._key, patient, self._shift_days) if self.policy.options.modified_dates else None
        one = _One(self, Identity.of(source, charsets), days, _signed(source))
        made = one.treated(source, charsets)
        pseudonymous = pseudonym(self._key, self.policy.patient_id, patient)
        accession = self._accession(source, charsets)
        self._mark(made, pseudonymous, accession)
        for name, treatment in self.policy.characteristics.items():
            value = _characteristic(name, treatment, source)
            tag = CHARACTERISTICS[name]
            if value is not None:
                made[tag] = DataElement(tag, vr_of(tag), value)
        return Made(made, pseudonymous, accession, one.notes)

    def uid(self, uid: str) -> str:
        """What stands for a UID: itself where the standard assigned it."""
        return uid if uids.well_known(uid) else self._remapped(uid)

    def _accession(self, source: Dataset, charsets: tuple[str, ...]) -> str | None:
        if self.policy.accession_number is None:
            return None
        text = trimmed(values.text_of(source, 0x00080050, charsets) or "")
        return pseudonym(self._key, self.policy.accession_number, text) if text else None

    def _mark(self, made: Dataset, patient: str, accession: str | None) -> None:
        options = self.policy.options
        made.SpecificCharacterSet = "ISO_IR 192"
        made.PatientID, made.PatientName = patient, ""
        made.AccessionNumber = (accession or "")[:ACCESSION_CHARACTERS]
        made.PatientIdentityRemoved = "YES"
        made.DeidentificationMethod = METHOD
        made.LongitudinalTemporalInformationModified = "MODIFIED" if options.modified_dates else "REMOVED"
        codes = []
        for value, meaning in options.codes():
            code = Dataset()
            code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
            codes.append(code)
        made.DeidentificationMethodCodeSequence = Sequence(codes)


class _One:
    """The treatment of one file's data set and its items."""

    def __init__(self, by: Deidentifier, identity: Identity, days: int | None, signed: bool) -> None:
        self.by, self.identity, self.days, self.signed = by, identity, days, signed
        self.notes: Counter[tuple[str, str]] = Counter()
        self._values = 0

    def treated(self, source: Dataset, charsets: tuple[str, ...]) -> Dataset:
        charsets = values.charsets_of(source, charsets)
        made = Dataset()
        for tag in sorted(source.keys()):
            action = self.by.profile.action(int(tag))
            if action in (Action.REMOVE, Action.OWN):
                continue
            vr = vr_of(int(tag))
            if vr == "SQ":
                items = source[tag].value if action is Action.KEEP else None
                if isinstance(items, Sequence):
                    made[tag] = DataElement(
                        tag, "SQ", Sequence([self.treated(one, charsets) for one in items])
                    )
                continue
            value = self._value(source, int(tag), action, charsets)
            if value is not None:
                made[tag] = DataElement(tag, self._vr(int(tag)), value)
        return made

    def _vr(self, tag: int) -> str:
        return "SS" if self.signed and _either(tag) else vr_of(tag)

    def _value(self, source: Dataset, tag: int, action: Action, charsets: tuple[str, ...]) -> Any:  # noqa: PLR0911
        """The value to write; None to leave the attribute out."""
        if action is Action.EMPTY:
            return ""
        if action is Action.DUMMY:
            return _dummy(vr_of(tag))
        if action is Action.CLEAN:
            return self._cleaned(source, tag, charsets)
        found = values.raw_of(source, tag)
        if found is None:
            return self._noted(_NOT_OF_TYPE, tag)
        vr, content = found
        if action is Action.SHIFT:
            made = values.moved(vr, content, self.days or 0)
            return self._noted(_NOT_OF_TYPE, tag, "") if made is None else made
        made = values.simple("SS" if self.signed and _either(tag) else vr, content, tag)
        if made is None:
            return self._noted(_NOT_OF_TYPE, tag)
        self._values += len(made) if isinstance(made, list) else 1
        if self._values > MOST_VALUES:
            raise SetAside(Reason.OUT_OF_BOUNDS)
        if vr in values.BINARY and self.identity.in_bytes(content):
            return self._noted(_SAID, tag)
        if action is Action.UID:
            return [self.by.uid(one) if one else "" for one in (made if isinstance(made, list) else [made])]
        if vr in ("CS", "DS", "IS") and self._names(vr, made):
            return self._noted(_SAID, tag)
        return made

    def _names(self, vr: str, made: Any) -> bool:
        """Whether a code or number says who someone is."""
        for one in made if isinstance(made, list) else [made]:
            if vr == "CS":
                if self.identity.within(one) or find_in_text(one):
                    return True
            elif self.identity.is_number(one) or (len(one) >= 8 and one.isdigit() and find_in_text(one)):
                return True
        return False

    def _cleaned(self, source: Dataset, tag: int, charsets: tuple[str, ...]) -> str | None:
        text = values.text_of(source, tag, charsets)
        if text is None or len(text) > values.LONGEST_TEXT:
            return self._noted(_UNREADABLE, tag, "")
        made = redacted(self.identity.without(text))
        if made != text:
            self._noted(_SAID, tag)
        if made != text and find_in_text(made):
            return ""  # What was parted before has come together.
        longest = values.LONGEST.get(vr_of(tag), values.LONGEST_TEXT)
        if any(len(part) > longest for part in made.split("\\")):
            return "" if made != text else self._noted(_NOT_OF_TYPE, tag)
        return made

    def _noted(self, rule: str, tag: int, value: Any = None) -> Any:
        self.notes[rule, shown(tag)] += 1
        return value


def _either(tag: int) -> bool:
    """Whether the attribute is US or SS, as Pixel Representation says."""
    return dictionary_VR(tag) == "US or SS"


def _signed(source: Dataset) -> bool:
    found = values.raw_of(source, 0x00280103)
    return found is not None and found[1] == struct.pack("<H", 1)


def _dummy(vr: str) -> Any:
    if vr == "DA":
        return values.DUMMY_DATE
    if vr == "DT":
        return values.DUMMY_DATE + values.DUMMY_TIME
    if vr == "TM":
        return values.DUMMY_TIME
    if vr in TEXT_VRS or vr == "CS":
        return values.DUMMY_TEXT
    return None


def _characteristic(name: str, treatment: Treatment, source: Dataset) -> str | None:
    """A characteristic of the patient as the policy leaves it, as text of its representation."""
    tag = CHARACTERISTICS[name]
    found = values.raw_of(source, tag)
    made = values.simple(found[0], found[1], tag) if found else None
    if not isinstance(made, str) or not made:
        return None
    if name == "sex":
        return made if made in ("M", "F", "O") else None
    if name == "age":
        return f"{age(made, treatment):03}Y"
    number = float(made)
    if treatment.multiple:
        number = round(number / treatment.multiple) * treatment.multiple
    if treatment.most is not None:
        number = min(number, treatment.most)
    if treatment.least is not None:
        number = max(number, treatment.least)
    return f"{number:.6g}"


OLDEST = 90
"""Years from which all ages are one (45 CFR 164.514(b)(2)(i)(C))."""


def age(written: str, treatment: Treatment) -> int:
    """Whole years of an age string (PS3.5 6.2: nnnD, nnnW, nnnM, nnnY), the first of its band."""
    number = int(written[:3]) // {"D": 365, "W": 52, "M": 12, "Y": 1}[written[3]]
    if number >= (treatment.top or OLDEST):
        return treatment.top or OLDEST
    return number - number % (treatment.width or 1)
