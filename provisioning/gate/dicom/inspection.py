"""One data set that was made, attribute by attribute: what may not stand there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from provisioning.gate.dicom import uids, values
from provisioning.gate.dicom.deidentify import OLDEST
from provisioning.gate.dicom.identity import Identity
from provisioning.gate.dicom.profile import CHARACTERISTICS, DATE_VRS, TEXT_VRS, Action, Profile, shown, vr_of
from provisioning.gate.identifiers import find_in_text

_DUMMIES = frozenset({values.DUMMY_DATE, values.DUMMY_TIME, values.DUMMY_DATE + values.DUMMY_TIME})
_WRITTEN = frozenset({"CS", "DS", "IS", "AS", "UI"}) | TEXT_VRS | DATE_VRS
_PATIENT_NAME = 0x00100010
METHOD_CODES = 0x00120064
_GATE = frozenset({0x00080050, 0x00100020, 0x00120063})
"""What the gate wrote itself and `verify` compares whole: pseudonyms, the method; `METHOD_CODES` too."""


@dataclass(frozen=True)
class Place:
    """A rule, the attribute that breaks it, and the kind of identifier or reason where there is one."""

    rule: str
    attribute: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Inspection:
    """What a file may say: ``dates`` are the source's, moved; ``identity``, the words it must not say."""

    profile: Profile
    identity: Identity
    dates: frozenset[str]
    text: Callable[[int, str], None]
    """Hears of each text, to look at an attribute's texts together."""

    def places(self, dataset: Dataset, *, item: bool = False) -> Iterator[Place]:
        """Every breach in ``dataset``, or an item of a sequence, and the items of its sequences."""
        for tag in sorted(dataset.keys()):
            number, action = int(tag), self.profile.action(int(tag))
            if tag.is_private:
                yield Place("dicom-private", shown(number))
            elif action is Action.REMOVE or (item and action is Action.OWN):
                yield Place("dicom-tag", shown(number))
            elif number == METHOD_CODES:
                continue
            elif vr_of(number) == "SQ":
                for one in dataset[tag].value or ():
                    yield from self.places(one, item=True)
            elif (found := values.raw_of(dataset, number)) is None:
                yield Place("dicom-value", shown(number))
            else:
                for rule, kind in self._element(number, action, *found):
                    yield Place(rule, shown(number), kind)

    def _element(self, tag: int, action: Action, vr: str, content: bytes) -> Iterator[tuple[str, str | None]]:
        content = content.rstrip(b"\0 ") if vr in _WRITTEN else content
        if not content:
            return
        if vr in values.BINARY and self.identity.in_bytes(content):
            yield "source-identifier", None
        try:
            text = content.decode("utf-8") if vr in _WRITTEN else ""
        except UnicodeError:
            yield "dicom-value", None
            return
        if self._of_another_kind(tag, action, vr, content, text):
            yield "dicom-value", None
        elif vr == "UI":
            if not all(uids.well_known(uid) or uids.is_remapped(uid) for uid in text.split("\\")):
                yield "dicom-uid", None
        elif vr in DATE_VRS:
            if not all(self._moved(vr, action, day) for day in text.split("\\")):
                yield "dicom-date", None
        elif tag == CHARACTERISTICS["age"]:
            if not re.fullmatch(r"\d{3}Y", text) or int(text[:3]) > OLDEST:
                yield "dicom-age", None
        elif vr in _WRITTEN and tag not in _GATE:
            for one in text.split("\\"):
                yield from self._said(tag, vr, one)

    @staticmethod
    def _of_another_kind(tag: int, action: Action, vr: str, content: bytes, text: str) -> bool:
        """Whether there is a value where none, a dummy, or one of another representation must be."""
        if action is Action.EMPTY or tag == _PATIENT_NAME:
            return True
        if vr in TEXT_VRS:
            return action is Action.DUMMY and text != values.DUMMY_TEXT
        return vr not in DATE_VRS and values.simple(vr, content, tag) is None

    def _moved(self, vr: str, action: Action, day: str) -> bool:
        """Whether a date, date-time or time is a dummy, or one of the source's, moved."""
        if not day or day in _DUMMIES:
            return True
        true = action is Action.SHIFT and values.moved(vr, day.encode(), 0) == day
        return true and (vr == "TM" or day[:8] in self.dates)

    def _said(self, tag: int, vr: str, text: str) -> Iterator[tuple[str, str | None]]:
        """Whether a text or number says who someone is."""
        if vr in ("DS", "IS"):
            if self.identity.is_number(text):
                yield "source-identifier", None
            if len(text) < 8 or not text.isdigit():
                return
        else:
            self.text(tag, text)
            if self.identity.within(text):
                yield "source-identifier", None
        for found in find_in_text(text):
            yield "identifier-content", str(found.kind)
