"""JPEG (ITU-T T.81): the modes that browsers show, their tables, frame and scans, nothing else."""

from __future__ import annotations

import re
import struct

START = b"\xff\xd8"
# APP0 and APP14 say how colours
# are meant; both are written anew.
_FRAMES = {0xC0, 0xC1, 0xC2}
_END, _SCAN, _APP0, _APP14, _APP15, _COMMENT = 0xD9, 0xDA, 0xE0, 0xEE, 0xEF, 0xFE
_KEPT = {0xDB, 0xC4, 0xDD, _SCAN, *_FRAMES}
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_MOST_SCANS = 64


def rewritten(data: bytes, pixels: int, anew: bool) -> bytes:
    """See `export_guard.pictures.rewritten`; its coded data stay. Raises ValueError or struct.error."""
    made, at, scans, frames = [START], 2, 0, 0
    while True:
        found = _MARKER.match(data, at)
        if found is None:
            raise ValueError("no marker")
        marker, at = found[1][0], found.end()
        if marker == _END and scans:
            return b"".join((*made, b"\xff\xd9"))
        (length,) = struct.unpack_from(">H", data, at)
        body = data[at + 2 : at + length]
        if marker == _END or length < 2 or len(body) != length - 2:
            raise ValueError("no image")
        at += length
        made.append(_kept_segment(marker, body, pixels))
        frames += marker in _FRAMES
        scans += marker == _SCAN
        if frames > 1 or scans > _MOST_SCANS * frames:
            raise ValueError("more than an image")
        if marker == _SCAN:
            end = _MARKER.search(data, at)
            if end is None:
                raise ValueError("cut off")
            made.append(data[at : end.start()])
            at = end.start()


def _kept_segment(marker: int, body: bytes, pixels: int) -> bytes:
    """The segment as it is kept; b'' for what only travels along."""
    if marker in _FRAMES:
        _, height, width = struct.unpack_from(">BHH", body)
        if not width or not height or width * height > pixels:
            raise ValueError("no such image")
    if marker in _KEPT:
        return _segment(marker, body)
    if marker == _APP0 and body.startswith(b"JFIF\0"):
        return _segment(marker, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    if marker == _APP14 and body.startswith(b"Adobe"):
        return _segment(marker, b"Adobe\0\x64\0\0\0\0" + body[11:12])
    if _APP0 <= marker <= _APP15 or marker == _COMMENT:
        return b""
    raise ValueError("a kind of JPEG that browsers do not show")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
