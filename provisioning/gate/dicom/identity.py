"""What a file says about who patient, staff and hospital are, to find it elsewhere in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from pydicom.dataset import Dataset

from provisioning.gate.dicom.profile import vr_of
from provisioning.gate.dicom.values import text_of

_KEYWORDS = frozenset(
    {
        0x00080050,  # Accession Number
        0x00080080,  # Institution Name
        0x00080081,  # Institution Address
        0x00081010,  # Station Name
        0x00081040,  # Institutional Department Name
        0x00100020,  # Patient ID
        0x00101000,  # Other Patient IDs
        0x00101040,  # Patient's Address
        0x00101060,  # Patient's Mother's Birth Name
        0x00101090,  # Medical Record Locator
        0x00102154,  # Patient's Telephone Numbers
        0x00102155,  # Patient's Telecom Information
        0x00181000,  # Device Serial Number
        0x00200010,  # Study ID
        0x00380010,  # Admission ID
        0x00380300,  # Current Patient Location
        0x00380400,  # Patient's Institution Residence
        0x00380500,  # Patient State
    }
)
_PARTS = re.compile(r"[\^=,;/|\s]+")
_SHORTEST = 4
"""Characters of a word that is looked for elsewhere; three Latin letters would be CT, MRI or an organ."""
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


class Identity:
    """The words that name people and places of a file: names and their parts, numbers, addresses."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = frozenset(word.casefold() for word in words if _worth(word))

    @classmethod
    def of(cls, dataset: Dataset, charsets: tuple[str, ...]) -> Identity:
        """The words of ``dataset`` and its sequences."""
        return cls(_words(dataset, charsets))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.words:
            return None
        listed = sorted(self.words, key=len, reverse=True)
        parts = (
            re.escape(word) if _HAN.search(word) else rf"(?<!\w){re.escape(word)}(?!\w)" for word in listed
        )
        return re.compile("|".join(parts))

    def within(self, text: str) -> bool:
        """Whether ``text`` says any of the words."""
        # An underscore joins words in protocols' names and is a letter to Python.
        return self._pattern is not None and bool(self._pattern.search(text.casefold().replace("_", " ")))

    def without(self, text: str) -> str:
        """``text`` with each of the words replaced; nothing where the words cannot be told from the rest."""
        plain = text.casefold().replace("_", " ")
        if self._pattern is None or not self._pattern.search(plain):
            return text
        if len(plain) != len(text):
            return ""
        parts, at = [], 0
        for match in self._pattern.finditer(plain):
            parts += [text[at : match.start()], "[removed]"]
            at = match.end()
        return "".join(parts) + text[at:]

    def in_number(self, text: str) -> bool:
        """Whether the digits ``text`` hold one of the numbers, of six digits or more."""
        return any(len(word) >= 6 and word.isdigit() and word in text for word in self.words)


def _worth(word: str) -> bool:
    return len(word) >= (2 if _HAN.search(word) else _SHORTEST)


def _words(dataset: Dataset, charsets: tuple[str, ...]) -> Iterator[str]:
    for tag in list(dataset.keys()):
        if tag.is_private:
            continue
        vr = vr_of(tag)
        if vr == "SQ":
            value = dataset[tag].value
            for item in value or ():
                yield from _words(item, charsets)
        elif vr == "PN" or int(tag) in _KEYWORDS:
            text = text_of(dataset, tag, charsets, strict=False)
            for one in (text or "").split("\\"):
                yield one.strip()
                if vr == "PN":
                    yield from _PARTS.split(one.strip())
                    yield one.strip().replace("^", "").replace("=", "")
                    yield one.strip().replace("^", " ").strip()
