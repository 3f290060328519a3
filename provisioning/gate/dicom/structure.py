"""The outline of a DICOM file (PS3.5 chapter 7, PS3.10 chapter 7), read without building anything.

pydicom builds objects as it reads, and reads nested sequences by recursion: a hostile file of a few MiB costs
it GiBs. So every length, the nesting and the number of elements are checked first, within the bounds here.
"""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass, field
from io import BufferedReader

from pydicom.datadict import DicomDictionary

from provisioning.gate.dicom.reasons import Reason, SetAside

LARGEST_HEADER = 32 * 1024**2
"""Bytes before the pixels; those of images with a description for each of thousands of frames are MiBs."""
MOST_ELEMENTS = 400_000
"""Elements and items of one header."""
DEEPEST = 12
"""Sequences within one another."""
MOST_FRAGMENTS = 200_000
UNDEFINED = 0xFFFFFFFF
PIXELS = 0x7FE00010

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
RLE = "1.2.840.10008.1.2.5"
JPEG = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 57, 70, 80, 81))
"""JPEG and JPEG-LS: their codestreams are made of markers of one kind."""
JPEG_2000 = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (90, 91, 201, 202, 203))
"""JPEG 2000 and High-Throughput JPEG 2000."""
READ = frozenset({IMPLICIT, EXPLICIT, RLE}) | JPEG | JPEG_2000
"""Transfer syntaxes that are read. Deflated is not: it swells without bound."""

_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Value representations with a length of 32 bits (PS3.5 7.1.2)."""
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SEQUENCES = frozenset(tag for tag, entry in DicomDictionary.items() if entry[0] == "SQ")


@dataclass(frozen=True)
class Pixels:
    """The element of the pixels: native with a length, or encapsulated in fragments (offset, bytes)."""

    vr: str
    offset: int
    length: int
    fragments: tuple[tuple[int, int], ...] = ()
    end: int = 0

    @property
    def encapsulated(self) -> bool:
        return self.length == UNDEFINED


@dataclass(frozen=True)
class Outline:
    """Where a file's parts lie, in bytes. ``end`` is where the last element ends."""

    transfer_syntax: str
    header: bytes
    """All before the pixels: preamble, file meta information and data set."""
    pixels: Pixels | None
    end: int
    size: int
    elements: int


@dataclass
class _Level:
    """One data set or sequence that is open."""

    end: int | None
    implicit: bool
    items: bool
    """Whether it holds items, rather than elements."""
    last: int = field(default=-1)


def outline(file: BufferedReader) -> Outline:
    """The outline of ``file``. Raises `SetAside`: not DICOM, damaged, out of bounds, transfer syntax."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = file.read(LARGEST_HEADER)
    if len(head) < 132 or head[128:132] != b"DICM":
        raise SetAside(Reason.NOT_DICOM)
    syntax, start = _meta(head)
    if syntax not in READ:
        raise SetAside(Reason.TRANSFER_SYNTAX)
    scan = _Scan(head, size, start, implicit=syntax == IMPLICIT)
    place, elements = scan.run()
    if place is None:
        return Outline(syntax, head[: scan.at], None, scan.at, size, elements)
    pixels = _pixels(file, head, size, place, implicit=syntax == IMPLICIT)
    return Outline(syntax, head[:place], pixels, pixels.end, size, elements)


def _meta(head: bytes) -> tuple[str, int]:
    """The transfer syntax and where the data set begins (PS3.10 7.1: always explicit, little endian)."""
    at, syntax, last = 132, "", b""
    while head[at : at + 2] == b"\x02\x00":
        if len(head) < at + 12:
            raise SetAside(Reason.DAMAGED)
        number = head[at + 3 : at + 1 : -1]
        if number <= last and last:
            raise SetAside(Reason.DAMAGED)
        vr, last = head[at + 4 : at + 6], number
        if vr in _LONG:
            (length,) = struct.unpack_from("<L", head, at + 8)
            value = at + 12
        elif vr in _SHORT:
            (length,) = struct.unpack_from("<H", head, at + 6)
            value = at + 8
        else:
            raise SetAside(Reason.DAMAGED)
        if value + length > len(head):
            raise SetAside(Reason.DAMAGED)
        if head[at + 2 : at + 4] == b"\x10\x00":
            syntax = head[value : value + length].rstrip(b"\0 ").decode("latin-1")
        at = value + length
    return syntax, at


class _Scan:
    """One walk over the header's bytes, without recursion."""

    def __init__(self, head: bytes, size: int, start: int, *, implicit: bool) -> None:
        self.head, self.size, self.at = head, size, start
        self.levels = [_Level(size, implicit, items=False)]
        self.elements = 0

    def run(self) -> tuple[int | None, int]:
        """Where the element of the pixels begins, if anywhere, and how many elements lie before it."""
        while True:
            self._close()
            level = self.levels[-1]
            if len(self.levels) == 1 and self.at == self.size:
                return None, self.elements
            if self.at + 8 > len(self.head):
                raise SetAside(Reason.DAMAGED if len(self.head) == self.size else Reason.OUT_OF_BOUNDS)
            group, number = struct.unpack_from("<HH", self.head, self.at)
            tag = group << 16 | number
            self.elements += 1
            if self.elements > MOST_ELEMENTS or len(self.levels) > 2 * DEEPEST + 1:
                raise SetAside(Reason.OUT_OF_BOUNDS)
            if level.items:
                self._item(tag, level)
            elif tag == _ITEM_END and level.end is None:
                self.at += 8
                self.levels.pop()
            elif len(self.levels) == 1 and tag == PIXELS:
                return self.at, self.elements
            else:
                self._element(tag, level)

    def _close(self) -> None:
        while len(self.levels) > 1 and self.levels[-1].end is not None:
            end = self.levels[-1].end
            if self.at < end:
                return
            if self.at > end:
                raise SetAside(Reason.DAMAGED)
            self.levels.pop()

    def _item(self, tag: int, level: _Level) -> None:
        (length,) = struct.unpack_from("<L", self.head, self.at + 4)
        self.at += 8
        if tag == _SEQUENCE_END and level.end is None and length == 0:
            self.levels.pop()
        elif tag == _ITEM:
            self._open(length, level.implicit, items=False)
        else:
            raise SetAside(Reason.DAMAGED)

    def _element(self, tag: int, level: _Level) -> None:
        if tag <= level.last or tag >> 16 in (0x0000, 0x0002, 0xFFFE):
            raise SetAside(Reason.DAMAGED)
        first, level.last = level.last < 0, tag
        implicit, vr = level.implicit, b""
        if implicit and first and re.fullmatch(rb"[A-Z]{2}", self.head[self.at + 4 : self.at + 6]):
            # pydicom would take the whole data set for an explicit one, whose outline is another.
            raise SetAside(Reason.DAMAGED)
        if implicit:
            (length,) = struct.unpack_from("<L", self.head, self.at + 4)
            self.at += 8
        else:
            vr = self.head[self.at + 4 : self.at + 6]
            if vr in _LONG:
                if self.at + 12 > len(self.head):
                    raise SetAside(Reason.DAMAGED)
                (length,) = struct.unpack_from("<L", self.head, self.at + 8)
                self.at += 12
            elif vr in _SHORT:
                (length,) = struct.unpack_from("<H", self.head, self.at + 6)
                self.at += 8
            else:
                raise SetAside(Reason.DAMAGED)
        sequence = vr == b"SQ" or length == UNDEFINED or (implicit and tag in _SEQUENCES)
        if length == UNDEFINED and vr not in (b"", b"SQ", b"UN"):
            raise SetAside(Reason.DAMAGED)
        if sequence:
            # UN of undefined length holds implicit elements whatever the file is (PS3.5 6.2.2).
            self._open(length, implicit or vr == b"UN", items=True)
            return
        if self.at + length > self._bound():
            raise SetAside(Reason.DAMAGED)
        self.at += length
        if self.at > len(self.head):
            raise SetAside(Reason.OUT_OF_BOUNDS)

    def _open(self, length: int, implicit: bool, *, items: bool) -> None:
        end = None if length == UNDEFINED else self.at + length
        if end is not None and end > self._bound():
            raise SetAside(Reason.DAMAGED)
        self.levels.append(_Level(end, implicit, items=items))

    def _bound(self) -> int:
        """The end of the innermost level that says its length."""
        return next(one.end for one in reversed(self.levels) if one.end is not None)


def _pixels(file: BufferedReader, head: bytes, size: int, at: int, *, implicit: bool) -> Pixels:
    file.seek(at)
    start = file.read(12)
    if len(start) < 12:
        raise SetAside(Reason.DAMAGED)
    if implicit:
        vr, (length,), value = "OW", struct.unpack_from("<L", start, 4), at + 8
    else:
        vr, (length,), value = start[4:6].decode("latin-1"), struct.unpack_from("<L", start, 8), at + 12
    if vr not in ("OB", "OW"):
        raise SetAside(Reason.DAMAGED)
    if length != UNDEFINED:
        if value + length > size:
            raise SetAside(Reason.DAMAGED)
        return Pixels(vr, value, length, (), value + length)
    fragments: list[tuple[int, int]] = []
    place = value
    while True:
        file.seek(place)
        start = file.read(8)
        if len(start) < 8:
            raise SetAside(Reason.DAMAGED)
        group, number, bytes_ = struct.unpack("<HHL", start)
        tag = group << 16 | number
        place += 8
        if tag == _SEQUENCE_END and bytes_ == 0:
            return Pixels(vr, value, length, tuple(fragments), place)
        if tag != _ITEM or place + bytes_ > size or bytes_ == UNDEFINED:
            raise SetAside(Reason.DAMAGED)
        if len(fragments) >= MOST_FRAGMENTS:
            raise SetAside(Reason.OUT_OF_BOUNDS)
        fragments.append((place, bytes_))
        place += bytes_
