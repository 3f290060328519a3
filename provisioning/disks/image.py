"""The image file: making it, and making it larger or smaller while it is not mounted."""

from __future__ import annotations

import os
from pathlib import Path

from provisioning.disks.mounting import DiskError, command

SMALLEST = 32 * 1024**2
"""Bytes; below it a file system is mostly its own tables."""
UNDO_MAGIC = b"E2UNDO02"
FIXED = (0, 1)
"""What e2fsck ends with when there was nothing to mend, or all of it is mended (e2fsck(8))."""


def make(image: Path, size: int) -> None:
    """Make an empty ext4 of ``size`` bytes in the sparse file ``image``. Raises `DiskError`."""
    image.unlink(missing_ok=True)
    _sized(image, size)
    journal = "size=4" if size < 512 * 1024**2 else "size=16"
    # A new sparse file reads as zeros already: writing tables of zeros would only fill the host's disk.
    command(
        ["mkfs.ext4", "-q", "-F", "-m", "0", "-J", journal]
        + ["-E", "lazy_itable_init=1,nodiscard,root_owner=0:0", str(image)]
    )


def resize(image: Path, size: int) -> None:
    """Make an image that is not mounted ``size`` bytes.

    An undo file keeps what is overwritten until it is done, so that one who is killed loses nothing.
    Raises `DiskError`, also where what it holds does not fit; then it is as it was.
    """
    mend(image)
    undo = _undo(image)
    before = image.stat().st_size
    command(["e2fsck", "-f", "-y", str(image)], fine=FIXED)
    if size < before:
        _refuse_too_small(image, size)
    if size > before:
        _sized(image, size)
    try:
        command(["resize2fs", "-z", str(undo), str(image), f"{size // 1024}K"])
    except DiskError:
        mend(image)
        _sized(image, before)
        raise
    undo.unlink(missing_ok=True)
    _sized(image, size)
    command(["e2fsck", "-f", "-y", str(image)], fine=FIXED)


def mend(image: Path) -> None:
    """Roll back a resizing that was cut short."""
    undo = _undo(image)
    if not undo.exists():
        return
    with undo.open("rb") as file:
        begun = file.read(len(UNDO_MAGIC)) == UNDO_MAGIC
    if begun:  # its header comes before the first block is overwritten
        command(["e2undo", "-f", str(undo), str(image)])
        command(["e2fsck", "-f", "-y", str(image)], fine=FIXED)
    undo.unlink()


def _refuse_too_small(image: Path, size: int) -> None:
    told = command(["resize2fs", "-P", str(image)]).rpartition(":")[2].split()
    facts = command(["dumpe2fs", "-h", str(image)])
    block = int(next(line for line in facts.splitlines() if line.startswith("Block size:")).split()[-1])
    if int(told[0]) * block > size:
        raise DiskError(f"what {image.name} holds does not fit into {size} bytes")


def _undo(image: Path) -> Path:
    return image.with_suffix(".undo")


def _sized(image: Path, size: int) -> None:
    descriptor = os.open(image, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
