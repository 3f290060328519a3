"""What a file says about who patient, staff and hospital are, to find it elsewhere in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import permutations

from pydicom.dataset import Dataset

from provisioning.gate.dicom.profile import vr_of
from provisioning.gate.dicom.reasons import Reason, SetAside
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
_SHORTEST, _SHORTEST_NAME = 4, 3
"""Characters of a word that is looked for elsewhere, and of a part of a name; two of a Chinese one."""
_LONGEST_NUMBER = 8
"""Digits from which a number is looked for among bytes that are no text."""
_MOST_WORDS = 2_000
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")


class Identity:
    """The words that name people and places of a file: names and their parts, numbers, addresses.

    Raises `SetAside` for more words than a file has that was not made to cost time.
    """

    def __init__(self, words: Iterable[str]) -> None:
        found: set[str] = set()
        for word in words:
            found.add(_plain(word).strip())
            if len(found) > _MOST_WORDS:
                raise SetAside(Reason.OUT_OF_BOUNDS)
        self.words = frozenset(found - {""})

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
        return self._pattern is not None and bool(self._pattern.search(_plain(text)))

    def without(self, text: str) -> str:
        """``text`` with each of the words replaced; nothing where the words cannot be told from the rest."""
        plain = _plain(text)
        if self._pattern is None or not self._pattern.search(plain):
            return text
        if len(plain) != len(text):
            return ""
        parts, at = [], 0
        for match in self._pattern.finditer(plain):
            parts += [text[at : match.start()], "[removed]"]
            at = match.end()
        return "".join(parts) + text[at:]

    def is_number(self, text: str) -> bool:
        """Whether the decimal ``text`` is one of the numbers, of six digits or more."""
        whole = text.lstrip("+-").partition(".")[0].lstrip("0")
        return len(whole) >= 6 and any(word.isdigit() and word.lstrip("0") == whole for word in self.words)

    @cached_property
    def _bytes(self) -> tuple[bytes, ...]:
        telling = (
            word
            for word in self.words
            if not word.isascii() or (word.isdigit() and len(word) >= _LONGEST_NUMBER)
        )
        return tuple(word.encode(encoding) for word in telling for encoding in ("utf-8", "gb18030"))

    def in_bytes(self, content: bytes) -> bool:
        """Whether bytes that are no text hold a Chinese name or a long number."""
        return any(word in content for word in self._bytes)


def _plain(text: str) -> str:
    """Text for comparing; an underscore joins words in protocols' names and is a letter to Python."""
    return text.casefold().replace("_", " ")


def _worth(word: str, shortest: int) -> bool:
    return len(word) >= (2 if _HAN.search(word) else shortest)


def _words(dataset: Dataset, charsets: tuple[str, ...]) -> Iterator[str]:
    for tag in list(dataset.keys()):
        if tag.is_private:
            continue
        vr = vr_of(tag)
        if vr == "SQ":
            value = dataset[tag].value
            for item in value or ():
                yield from _words(item, charsets)
        elif vr == "PN":
            for one in (text_of(dataset, tag, charsets, strict=False) or "").split("\\"):
                yield from _names(one)
        elif int(tag) in _KEYWORDS:
            for one in (text_of(dataset, tag, charsets, strict=False) or "").split("\\"):
                if _worth(one.strip(), _SHORTEST):
                    yield one


def _names(value: str) -> Iterator[str]:
    """A person's name (PS3.5 6.2.1): its parts, and family and given name together either way."""
    for group in value.split("="):
        parts = [part.strip() for part in group.split("^") if part.strip()]
        joined = [
            one + between + two
            for one, two in permutations(parts[:3], 2)
            for between in ("", " ", "^", ", ", ",")
        ]
        single = [word for part in parts for word in (part, *part.split())]
        yield from (word for word in joined if _worth(word, _SHORTEST))
        yield from (word for word in single if _worth(word, _SHORTEST_NAME))
