"""GIF (version 89a): frames, colours and how they follow each other; no comment, no text."""

from __future__ import annotations

import struct

STARTS = (b"GIF87a", b"GIF89a")


def rewritten(data: bytes, pixels: int, anew: bool) -> bytes:
    """See `export_guard.pictures.rewritten`; its coded data stay. Raises ValueError or IndexError."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    if not 0 < width * height <= pixels:
        raise ValueError("no such image")
    position = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    parts = [data[:position]]
    while True:
        start = position
        block = data[position]
        if block == 0x3B:
            return b"".join([*parts, b";"])
        if block == 0x21:
            label = data[position + 1]
            position = _blocks(data, position + 2)
            # Graphic control, and the loop count; not comments, plain text or other applications.
            kept = label == 0xF9 or (label == 0xFF and data[start + 3 : start + 14] == b"NETSCAPE2.0")
        elif block == 0x2C:
            inner = data[position + 9]
            position += 10 + (3 << ((inner & 7) + 1) if inner & 0x80 else 0)
            position = _blocks(data, position + 1)
            kept = True
        else:
            raise ValueError("not a GIF's block")
        if kept:
            parts.append(data[start:position])


def _blocks(data: bytes, position: int) -> int:
    """Where the chain of sub-blocks that begins at ``position`` ends."""
    while data[position]:
        position += data[position] + 1
    return position + 1
