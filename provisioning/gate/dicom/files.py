"""DICOM files on disk: which lie in a folder, reading one's data set, writing one."""

from __future__ import annotations

import errno
import logging
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO
from pathlib import Path

from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from provisioning.gate.dicom import pixels
from provisioning.gate.dicom.reasons import Reason, SetAside
from provisioning.gate.dicom.structure import Outline, outline
from provisioning.gate.dicom.uids import IMPLEMENTATION
from provisioning.refusal import Refusal

IMPLEMENTATION_NAME = "CARREL"
_NO_FILE = frozenset({errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.ENOENT})
"""Opening a link, a socket, a device without a driver, what has gone."""


@dataclass(frozen=True)
class Opened:
    """A file that holds together: its outline and its data set without pixels, no value converted yet."""

    file: BufferedReader
    outline: Outline
    dataset: Dataset
    meta: FileMetaDataset


def below(folder: Path) -> list[Path]:
    """Everything below ``folder`` that is no folder, by the bytes of its path: as ``LC_ALL=C sort`` lists it.

    A file's place here, from 1, is what findings name; a path may hold a patient's name.
    """
    found = []
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    found.append(Path(entry.path))
    return sorted(found, key=os.fsencode)


@contextmanager
def quietly() -> Iterator[None]:
    """Without the warnings of pydicom, on standard error and in logs: they quote values."""
    logger = logging.getLogger("pydicom")
    before, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open ``path``, not through a link. Raises `SetAside` where it is no DICOM file within the bounds.

    Raises `Refusal` where this account may not read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NO_FILE:
            raise SetAside(Reason.NOT_DICOM) from None
        raise Refusal(
            "A file among the images cannot be read: {reason}. Give this account the right to read them all.",
            reason=error.strerror,
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SetAside(Reason.NOT_DICOM)
    with os.fdopen(descriptor, "rb") as file:
        found = outline(file)
        try:
            with quietly():
                dataset = dcmread(BytesIO(found.header))
                meta = dataset.file_meta
        except Exception:  # pydicom raises many kinds on what is damaged
            raise SetAside(Reason.DAMAGED) from None
        yield Opened(file, found, dataset, meta)


def write(target: Path, made: Dataset, source: Opened) -> None:
    """Write ``made`` with the pixels of ``source``: preamble of zeros, file meta information made anew.

    Raises `SetAside` where the pixels are not what the data set says; then ``target`` is not there.
    """
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = UID(pixels.transfer_syntax(source.outline))
    meta.ImplementationClassUID = UID(IMPLEMENTATION)
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    made.file_meta = meta
    made.preamble = b"\0" * 128
    shape = pixels.Shape.of(made)
    header = BytesIO()
    try:
        with quietly():
            dcmwrite(header, made, enforce_file_format=True)
    except Exception:  # A value that pydicom will not write.
        raise SetAside(Reason.DAMAGED) from None
    try:
        with target.open("xb") as file:
            file.write(header.getvalue())
            pixels.copy(source.file, source.outline, shape, file)
    except SetAside:
        target.unlink()
        raise
