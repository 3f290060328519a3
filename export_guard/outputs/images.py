"""Images from an engine: what the bytes are, not what they are called, taken apart and put together.

Only what draws the picture is kept. Comments, Exif, text, profiles and bytes behind the end carry
data that nobody sees.
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable
from typing import NamedTuple

from export_guard.outputs.limits import OutputLimits

PNG = b"\x89PNG\r\n\x1a\n"
# Chunks that change what is drawn (PNG, third edition, 11).
PNG_CHUNKS = frozenset(
    [
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"sBIT",
        b"bKGD",
        b"pHYs",
        b"cICP",
    ]
)
JPEG_MARKER = re.compile(rb"\xff++([^\x00\xd0-\xd7\xff])", re.DOTALL)
JPEG_FRAMES = frozenset([0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF])
# JFIF's and Adobe's segments say how colours are stored.
JPEG_KEPT = JPEG_FRAMES | {0xC4, 0xCC, 0xDA, 0xDB, 0xDD, 0xE0, 0xEE}
DATA_URI = re.compile(r"data:image/(png|jpe?g|gif);base64,", re.IGNORECASE)


class Picture(NamedTuple):
    """A checked image: its media type and its bytes, as they are shown."""

    media_type: str
    data: bytes


def from_base64(text: str, limits: OutputLimits) -> Picture | None:
    """The image in ``text``, or None when it is none, is malformed or over a limit."""
    if len(text) > limits.image_bytes * 3 // 2:
        return None
    try:
        data = b64decode("".join(text.split()), validate=True)
    except (Error, ValueError):
        return None
    return check(data, limits)


def from_data_uri(text: str, limits: OutputLimits) -> str | None:
    """A ``data:`` address of a checked image, written anew; None for every other address."""
    match = DATA_URI.match(text.strip())
    picture = from_base64(text.strip()[match.end() :], limits) if match else None
    return f"data:{picture.media_type};base64,{encoded(picture)}" if picture else None


def encoded(picture: Picture) -> str:
    """The image as base64."""
    return b64encode(picture.data).decode("ascii")


def check(data: bytes, limits: OutputLimits) -> Picture | None:
    """The image in ``data`` with only what draws it, or None."""
    if len(data) > limits.image_bytes:
        return None
    for magic, media_type, reader in KINDS:
        if data.startswith(magic):
            try:
                width, height, kept = reader(data)
            except (IndexError, ValueError, struct.error):
                return None
            if 0 < width * height <= limits.image_pixels:
                return Picture(media_type, kept)
    return None


def _png(data: bytes) -> tuple[int, int, bytes]:
    parts = [PNG]
    position = len(PNG)
    width, height = struct.unpack_from(">4x4s", data, position) and struct.unpack_from(
        ">II", data, position + 8
    )
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data) or (position == len(PNG)) != (kind == b"IHDR"):
            raise ValueError("not a PNG's chunks")
        if kind in PNG_CHUNKS:
            parts.append(data[position:end])
        if kind == b"IEND":
            return width, height, b"".join(parts)
        position = end


def _jpeg(data: bytes) -> tuple[int, int, bytes]:
    parts = [b"\xff\xd8"]
    width = height = 0
    position = 2
    while True:
        match = JPEG_MARKER.match(data, position)
        if match is None:
            raise ValueError("not a JPEG's segments")
        marker = match[1][0]
        if marker == 0xD9:
            return width, height, b"".join([*parts, b"\xff\xd9"])
        start = match.end()
        end = start + struct.unpack_from(">H", data, start)[0]
        if end > len(data) or end < start + 2:
            raise ValueError("a JPEG's segment ends outside")
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, start + 3)
        if marker == 0xDA:
            # Coded data runs to the next marker that is neither stuffed nor a restart.
            following = JPEG_MARKER.search(data, end)
            if following is None:
                raise ValueError("a JPEG without an end")
            end = following.start()
        # An application's segment that only says how colours are stored is short.
        if marker in JPEG_KEPT and (marker < 0xE0 or end - start <= 32):
            parts.append(b"\xff" + data[start - 1 : end])
        position = end


def _gif(data: bytes) -> tuple[int, int, bytes]:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    parts = [data[:position]]
    while True:
        start = position
        block = data[position]
        if block == 0x3B:
            return width, height, b"".join([*parts, b";"])
        if block == 0x21:
            label = data[position + 1]
            position = _gif_blocks(data, position + 2)
            # Graphic control, and the loop count; not comments, plain text or other applications.
            kept = label == 0xF9 or (label == 0xFF and data[start + 3 : start + 14] == b"NETSCAPE2.0")
        elif block == 0x2C:
            inner = data[position + 9]
            position += 10 + (3 << ((inner & 7) + 1) if inner & 0x80 else 0)
            position = _gif_blocks(data, position + 1)
            kept = True
        else:
            raise ValueError("not a GIF's block")
        if kept:
            parts.append(data[start:position])


def _gif_blocks(data: bytes, position: int) -> int:
    """Where the chain of sub-blocks that begins at ``position`` ends."""
    while data[position]:
        position += data[position] + 1
    return position + 1


Reader = Callable[[bytes], tuple[int, int, bytes]]
KINDS: tuple[tuple[bytes, str, Reader], ...] = (
    (PNG, "image/png", _png),
    (b"\xff\xd8\xff", "image/jpeg", _jpeg),
    (b"GIF87a", "image/gif", _gif),
    (b"GIF89a", "image/gif", _gif),
)
