"""Images written anew for a preview: what is seen, and nothing that travels along.

Text chunks, profiles, EXIF, thumbnails, further frames and whatever follows the end are left out, and
a PNG is compressed anew. Nothing is decoded to pixels here: that is left to the browser, in its sandbox,
so that no image library meets hostile files inside the desk.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass

from export_guard.contents.problems import Refused

PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8"
# Colour types of PNG (ISO/IEC 15948, table 11.1): samples of a pixel, and the bits that each may have.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# First column, first row, and steps of the seven passes of an interlaced image (8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CHUNK = 1 << 16
# JPEG (ITU-T T.81): tables and frames of the modes that browsers show. APP0 and APP14 say how colours
# are meant; both are written anew.
_FRAMES = {0xC0, 0xC1, 0xC2}
_END, _SCAN, _APP0, _APP14, _APP15, _COMMENT = 0xD9, 0xDA, 0xE0, 0xEE, 0xEF, 0xFE
_KEPT = {0xDB, 0xC4, 0xDD, _SCAN, *_FRAMES}
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_MOST_SCANS = 64


@dataclass(frozen=True)
class Image:
    """An image to show."""

    media_type: str
    data: bytes


def rewritten(data: bytes, *, pixels: int) -> Image:
    """The image for a preview, of at most ``pixels`` pixels. Raises `Refused` as ``not-image``."""
    try:
        if data.startswith(PNG_START):
            return Image("image/png", _png(data, pixels))
        if data.startswith(JPEG_START):
            return Image("image/jpeg", _jpeg(data, pixels))
    except (struct.error, IndexError, KeyError, zlib.error, ValueError):
        pass
    raise Refused("not-image")


def _png(data: bytes, pixels: int) -> bytes:
    header, palette, transparency = b"", b"", b""
    packed: list[bytes] = []
    for kind, body in _png_chunks(data):
        if not header and kind != b"IHDR":
            raise ValueError("no header")
        if kind == b"IHDR":
            header = header or body
        elif kind == b"PLTE":
            palette = body
        elif kind == b"tRNS":
            transparency = body
        elif kind == b"IDAT":
            packed.append(body)
    if len(palette) > 768 or len(transparency) > 256:
        raise ValueError("no such palette")
    made = [PNG_START, _png_chunk(b"IHDR", header)]
    made += [_png_chunk(b"PLTE", palette)] if palette else []
    made += [_png_chunk(b"tRNS", transparency)] if transparency else []
    made.append(_png_chunk(b"IDAT", _packed_anew(b"".join(packed), _png_size(header, pixels))))
    return b"".join((*made, _png_chunk(b"IEND", b"")))


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks: list[tuple[bytes, bytes]] = []
    at = len(PNG_START)
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", data, at + 8 + length)
        if zlib.crc32(kind + body) != check:
            raise ValueError("a damaged chunk")
        if kind == b"IEND":
            return chunks
        chunks.append((kind, body))
        at += 12 + length


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def _png_size(header: bytes, pixels: int) -> int:
    """The bytes of an image before compression: of each row, one for its filter and its samples."""
    width, height, bits, colours, compression, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if not width or not height or width * height > pixels or bits not in _BITS[colours]:
        raise ValueError("no such image")
    if compression or filtering or interlace > 1:
        raise ValueError("no such image")
    total = 0
    for column, row, step_x, step_y in _PASSES if interlace else ((0, 0, 1, 1),):
        columns, rows = -(-(width - column) // step_x), -(-(height - row) // step_y)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits * _SAMPLES[colours] + 7) // 8)
    return total


def _packed_anew(packed: bytes, size: int) -> bytes:
    """Decompressed and compressed again piece by piece; exactly ``size`` bytes, nothing after them."""
    reader, writer = zlib.decompressobj(), zlib.compressobj(1)
    made: list[bytes] = []
    rest = packed
    while size >= 0 and not reader.eof:
        piece = reader.decompress(rest, _CHUNK)
        if not piece and not reader.unconsumed_tail and not reader.eof:
            raise ValueError("too short")
        rest = reader.unconsumed_tail
        size -= len(piece)
        made.append(writer.compress(piece))
    if size != 0:
        raise ValueError("not the size that the header says")
    return b"".join((*made, writer.flush()))


def _jpeg(data: bytes, pixels: int) -> bytes:
    made, at, scans, frames = [JPEG_START], 2, 0, 0
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
        made.append(_jpeg_segment(marker, body, pixels))
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


def _jpeg_segment(marker: int, body: bytes, pixels: int) -> bytes:
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
