"""PNG (ISO/IEC 15948): the header, palette, transparency and pixels, nothing else."""

from __future__ import annotations

import struct
import zlib

START = b"\x89PNG\r\n\x1a\n"
# Colour types of PNG (ISO/IEC 15948, table 11.1): samples of a pixel, and the bits that each may have.
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# First column, first row, and steps of the seven passes of an interlaced image (8.2).
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CHUNK = 1 << 16


def rewritten(data: bytes, pixels: int, anew: bool) -> bytes:
    """See `export_guard.pictures.rewritten`. Raises ValueError, struct.error, KeyError or zlib.error."""
    header, palette, transparency = b"", b"", b""
    packed: list[bytes] = []
    for kind, body in _chunks(data):
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
    made = [START, _chunk(b"IHDR", header)]
    made += [_chunk(b"PLTE", palette)] if palette else []
    made += [_chunk(b"tRNS", transparency)] if transparency else []
    made.append(_chunk(b"IDAT", _packed(b"".join(packed), _size(header, pixels), anew)))
    return b"".join((*made, _chunk(b"IEND", b"")))


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks: list[tuple[bytes, bytes]] = []
    at = len(START)
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


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def _size(header: bytes, pixels: int) -> int:
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


def _packed(packed: bytes, size: int, anew: bool) -> bytes:
    """Decompressed piece by piece, to be exactly ``size`` bytes; compressed ``anew`` or cut to them."""
    reader, writer = zlib.decompressobj(), zlib.compressobj(1)
    made: list[bytes] = []
    rest = packed
    while size >= 0 and not reader.eof:
        piece = reader.decompress(rest, _CHUNK)
        if not piece and not reader.unconsumed_tail and not reader.eof:
            raise ValueError("too short")
        rest = reader.unconsumed_tail
        size -= len(piece)
        if anew:
            made.append(writer.compress(piece))
    if size != 0:
        raise ValueError("not the size that the header says")
    return b"".join((*made, writer.flush())) if anew else packed[: len(packed) - len(reader.unused_data)]
