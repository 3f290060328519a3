"""A file's pixels, copied block by block and no more of them than rows, columns and frames say."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader, BufferedWriter

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.decoders import RLELosslessDecoder

from provisioning.gate.dicom.codestream import Cleaner, cleaned_jpeg, cleaned_jpeg_2000
from provisioning.gate.dicom.reasons import Reason, SetAside
from provisioning.gate.dicom.structure import EXPLICIT, IMPLICIT, JPEG, JPEG_2000, RLE, UNDEFINED, Outline

BLOCK = 4 * 1024**2
MOST_NATIVE = 2**32 - 2
"""Bytes of native pixels: their length has 32 bits."""
LARGEST_FRAME = 512 * 1024**2
"""Bytes of one compressed frame, which is held in memory."""


@dataclass(frozen=True)
class Shape:
    """What the data set says of the pixels."""

    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    subsampled: bool

    @classmethod
    def of(cls, made: Dataset) -> Shape:
        """Raises `SetAside` where a number is missing or impossible."""
        try:
            shape = cls(
                int(made.Rows),
                int(made.Columns),
                int(made.get("NumberOfFrames") or 1),
                int(made.SamplesPerPixel),
                int(made.BitsAllocated),
                int(made.BitsStored),
                int(made.PixelRepresentation) == 1,
                made.PhotometricInterpretation in ("YBR_FULL_422", "YBR_PARTIAL_422"),
            )
            high = int(made.HighBit)
        except (AttributeError, TypeError, ValueError):
            raise SetAside(Reason.PIXEL_DATA) from None
        fits = (
            0 < shape.rows < 65_536
            and 0 < shape.columns < 65_536
            and 0 < shape.frames < 2**31
            and shape.samples in (1, 3)
            and shape.bits_allocated in (1, 8, 16, 32)
            and 0 < shape.bits_stored <= shape.bits_allocated
            and high == shape.bits_stored - 1
            and made.PixelRepresentation in (0, 1)
        )
        if not fits:
            raise SetAside(Reason.PIXEL_DATA)
        return shape

    @property
    def native_bytes(self) -> int:
        """Bytes of all frames, without padding."""
        samples = 2 if self.subsampled else self.samples
        bits = self.rows * self.columns * samples * self.frames * self.bits_allocated
        return (bits + 7) // 8


def transfer_syntax(outline: Outline) -> str:
    """What the pixels are written in: as they came, but implicit as explicit and run lengths as native."""
    return EXPLICIT if outline.transfer_syntax in (IMPLICIT, RLE) else outline.transfer_syntax


def copy(source: BufferedReader, outline: Outline, shape: Shape, target: BufferedWriter) -> None:
    """Write the element of the pixels. Raises `SetAside` where they are not what ``shape`` says."""
    pixels = outline.pixels
    native = outline.transfer_syntax in (IMPLICIT, EXPLICIT)
    if pixels is None or pixels.encapsulated == native:
        raise SetAside(Reason.PIXEL_DATA)
    if native:
        if pixels.length < shape.native_bytes:
            raise SetAside(Reason.PIXEL_DATA)
        _write_native(target, shape, blocks(source, pixels.offset, shape.native_bytes))
    elif outline.transfer_syntax == RLE:
        _write_native(target, shape, _run_lengths(frames_of(source, outline, shape.frames), shape))
    else:
        clean: Cleaner = cleaned_jpeg if outline.transfer_syntax in JPEG else cleaned_jpeg_2000
        assert outline.transfer_syntax in JPEG | JPEG_2000
        target.write(_start(b"OB", UNDEFINED) + struct.pack("<HHL", 0xFFFE, 0xE000, 0))
        for frame in frames_of(source, outline, shape.frames):
            made = clean(frame)
            made += b"\0" * (len(made) % 2)
            target.write(struct.pack("<HHL", 0xFFFE, 0xE000, len(made)))
            target.write(made)
        target.write(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))


def frames_of(source: BufferedReader, outline: Outline, frames: int) -> Iterator[bytes]:
    """Each compressed frame. Raises `SetAside` where fragments cannot be told apart or a frame is huge."""
    assert outline.pixels is not None
    fragments = outline.pixels.fragments[1:]  # The first is the table of offsets.
    if not fragments or (frames != 1 and len(fragments) != frames):
        raise SetAside(Reason.PIXEL_DATA)
    for group in [fragments] if frames == 1 else [(one,) for one in fragments]:
        if sum(length for _, length in group) > LARGEST_FRAME:
            raise SetAside(Reason.PIXEL_DATA)
        parts = []
        for offset, length in group:
            source.seek(offset)
            parts.append(source.read(length))
        yield b"".join(parts)


def _write_native(target: BufferedWriter, shape: Shape, blocks: Iterator[bytes]) -> None:
    whole = shape.native_bytes
    if whole > MOST_NATIVE:
        raise SetAside(Reason.PIXEL_DATA)
    target.write(_start(b"OB" if shape.bits_allocated == 8 else b"OW", whole + whole % 2))
    written = 0
    for block in blocks:
        target.write(within_bits(block, shape))
        written += len(block)
    if written != whole:
        raise SetAside(Reason.PIXEL_DATA)
    target.write(b"\0" * (whole % 2))


def _start(vr: bytes, length: int) -> bytes:
    return struct.pack("<HH2sHL", 0x7FE0, 0x0010, vr, 0, length)


def blocks(source: BufferedReader, offset: int, whole: int) -> Iterator[bytes]:
    """``whole`` bytes from ``offset``. Raises `SetAside` where the file ends before."""
    source.seek(offset)
    while whole:
        block = source.read(min(BLOCK, whole))
        if not block:
            raise SetAside(Reason.DAMAGED)
        whole -= len(block)
        yield block


def within_bits(block: bytes, shape: Shape) -> bytes:
    """The block with the bits beyond Bits Stored as they must be: the sign's, or none. Overlays lay there."""
    unused = shape.bits_allocated - shape.bits_stored
    if not unused:
        return block
    kind = {8: "1", 16: "2", 32: "4"}[shape.bits_allocated]
    numbers = np.frombuffer(block, dtype="<u" + kind)
    moved = np.left_shift(numbers, unused)
    if shape.signed:
        return np.right_shift(moved.view("<i" + kind), unused).tobytes()
    return np.right_shift(moved, unused).tobytes()


def _run_lengths(frames: Iterator[bytes], shape: Shape) -> Iterator[bytes]:
    if shape.samples != 1 or shape.bits_allocated == 1:
        raise SetAside(Reason.PIXEL_DATA)
    one = shape.rows * shape.columns * shape.bits_allocated // 8
    if one > LARGEST_FRAME:
        raise SetAside(Reason.PIXEL_DATA)
    for frame in frames:
        try:
            content, _ = RLELosslessDecoder.as_buffer(
                _encapsulated(frame),
                index=0,
                raw=True,
                rows=shape.rows,
                columns=shape.columns,
                number_of_frames=1,
                samples_per_pixel=1,
                bits_allocated=shape.bits_allocated,
                bits_stored=shape.bits_stored,
                pixel_representation=int(shape.signed),
                photometric_interpretation="MONOCHROME2",
                pixel_keyword="PixelData",
            )
        except Exception:
            raise SetAside(Reason.PIXEL_DATA) from None
        if len(content) != one:
            raise SetAside(Reason.PIXEL_DATA)
        yield bytes(content)


def _encapsulated(frame: bytes) -> bytes:
    return struct.pack("<HHLHHL", 0xFFFE, 0xE000, 0, 0xFFFE, 0xE000, len(frame)) + frame


def alone(file: BufferedReader, outline: Outline, dataset: Dataset) -> bool:
    """Whether a file that was made has just the pixels of its data set: as many as they must be, no bit set
    beyond theirs, no comment, thumbnail or tail in a codestream."""
    found = outline.pixels
    if found is None:
        return False
    try:
        shape = Shape.of(dataset)
        native = not found.encapsulated
        return (_native_alone if native else _compressed_alone)(file, outline, shape)
    except SetAside:
        return False


def _native_alone(file: BufferedReader, outline: Outline, shape: Shape) -> bool:
    assert outline.pixels is not None
    whole = shape.native_bytes
    if outline.transfer_syntax != EXPLICIT or outline.pixels.length != whole + whole % 2:
        return False
    same = all(within_bits(block, shape) == block for block in blocks(file, outline.pixels.offset, whole))
    return same and (whole % 2 == 0 or file.read(1) == b"\0")


def _compressed_alone(file: BufferedReader, outline: Outline, shape: Shape) -> bool:
    assert outline.pixels is not None
    fragments = outline.pixels.fragments
    clean = cleaned_jpeg if outline.transfer_syntax in JPEG else cleaned_jpeg_2000
    if len(fragments) != shape.frames + 1 or fragments[0][1]:
        return False
    for frame in frames_of(file, outline, shape.frames):
        made = clean(frame)
        if made + b"\0" * (len(made) % 2) != frame:
            return False
    return True
