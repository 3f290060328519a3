"""Compressed pixels without what a codestream may carry beside them: comments, EXIF, thumbnails, a tail.

JPEG: ITU-T T.81 annex B; JPEG-LS: T.87 annex C; JPEG 2000: T.800 annex A.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from provisioning.gate.dicom.reasons import Reason, SetAside

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_NAKED = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length: TEM, restarts."""
_KEPT = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xDE, 0xF7, 0xF8} | set(range(0xC0, 0xD0)))
"""Tables, frames, restart intervals, and JPEG-LS's own. Applications' segments and comments are left out; the
colour transform that APP14 tells is in the data set's Photometric Interpretation."""
_J2K_KEPT = frozenset(
    {0x50, 0x51, 0x52, 0x53, 0x55, 0x57, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61, 0x63}
)
"""Every marker segment of a main header but the comment, 0x64."""
_LARGEST = 512 * 1024**2


def cleaned_jpeg(content: bytes) -> bytes:
    """A JPEG or JPEG-LS codestream of needed segments alone. Raises `SetAside` where it is none."""
    made = bytearray()
    at = _expect(content, 0, b"\xff\xd8")
    made += b"\xff\xd8"
    while True:
        marker, at = _marker(content, at)
        if marker == _END:
            return bytes(made + b"\xff\xd9")
        if marker in _NAKED:
            raise _damaged()
        length = _length(content, at)
        segment = content[at : at + length]
        at += length
        if marker in _KEPT or marker == _SCAN:
            made += bytes((0xFF, marker)) + segment
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise _damaged()
        if marker == _SCAN:
            end = _entropy_coded(content, at)
            made += content[at:end]
            at = end


def _entropy_coded(content: bytes, at: int) -> int:
    """Where a scan's data end: at a marker that is no stuffed byte and no restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0 or at + 1 >= len(content):
            raise _damaged()
        after = content[at + 1]
        # JPEG stuffs a zero byte, JPEG-LS a zero bit: below 0x80 it is data in both.
        if after >= 0x80 and not 0xD0 <= after <= 0xD7:
            if after != 0xFF:
                return at
            at += 1
        else:
            at += 2


def _marker(content: bytes, at: int) -> tuple[int, int]:
    if at + 2 > len(content) or content[at] != 0xFF:
        raise _damaged()
    while at + 1 < len(content) and content[at + 1] == 0xFF:
        at += 1
    if at + 1 >= len(content):
        raise _damaged()
    return content[at + 1], at + 2


def cleaned_jpeg_2000(content: bytes) -> bytes:
    """A JPEG 2000 codestream without comments or tail. Raises `SetAside`: none, boxed as JP2, or damaged."""
    at = _expect(content, 0, b"\xff\x4f")
    made = bytearray(b"\xff\x4f")
    while content[at : at + 2] != b"\xff\x90":
        marker, at = _marker(content, at)
        length = _length(content, at)
        if marker in _J2K_KEPT:
            made += bytes((0xFF, marker)) + content[at : at + length]
        elif marker != 0x64:
            raise _damaged()
        at += length
    while content[at : at + 2] == b"\xff\x90":
        part = _tile_part(content, at)
        made += part
        at += struct.unpack_from(">L", content, at + 6)[0] or len(part)
    _expect(content, at, b"\xff\xd9")
    return bytes(made + b"\xff\xd9")


def _tile_part(content: bytes, at: int) -> bytes:
    """One tile-part, checked that its header holds no comment."""
    if at + 12 > len(content):
        raise _damaged()
    (length,) = struct.unpack_from(">L", content, at + 6)
    if length == 0:  # The last one: until the end of the codestream.
        length = content.rfind(b"\xff\xd9") - at
    if length < 14 or at + length > len(content):
        raise _damaged()
    place = at + 12
    while content[place : place + 2] != b"\xff\x93":
        marker, place = _marker(content, place)
        if marker not in _J2K_KEPT or place >= at + length:
            raise _damaged()
        place += _length(content, place)
    return content[at : at + length]


def _expect(content: bytes, at: int, wanted: bytes) -> int:
    if content[at : at + 2] != wanted or len(content) > _LARGEST:
        raise _damaged()
    return at + 2


def _length(content: bytes, at: int) -> int:
    if at + 2 > len(content):
        raise _damaged()
    (length,) = struct.unpack_from(">H", content, at)
    if length < 2 or at + length > len(content):
        raise _damaged()
    return int(length)


def _damaged() -> SetAside:
    return SetAside(Reason.PIXEL_DATA)


Cleaner = Callable[[bytes], bytes]
