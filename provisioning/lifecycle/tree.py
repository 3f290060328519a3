"""What lies in a folder that somebody hostile wrote to: nothing is followed, nothing is waited for.

Every name is opened relative to its folder's descriptor, so that a folder which becomes a link meanwhile
leads nowhere. Reading and removing go the same way.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from export_guard.contents import descriptors
from export_guard.contents.problems import Refused

DEEPEST = 200
"""Folders within folders that are read; each holds a descriptor meanwhile."""
LARGEST_HOLE = 16 * 1024**3
"""Bytes that a file may claim beyond what it has on the disk: an exabyte of nothing is read for years."""
CHUNK = 1024**2

EMPTY = "empty-folder"
HOLE = "hole"
TOO_DEEP = "too-deep"
GONE = "gone"

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Found:
    """One name; ``parts`` are below the folder that is walked, bytes that are no UTF-8 as surrogates.

    ``descriptor`` is a regular file's, open until the walk goes on; else ``left_out`` says why there is
    none: link, special, hard-link, hole, too-deep, gone or empty-folder.
    """

    parts: tuple[str, ...]
    descriptor: int = -1
    left_out: str = ""


@contextmanager
def opened(root: Path, *parts: str) -> Iterator[int | None]:
    """The folder ``parts`` below ``root``, never through a link; None where it is not there.

    Raises OSError: ENOTDIR or ELOOP where a step is no folder.
    """
    descriptor = _open(root, parts)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open(root: Path, parts: tuple[str, ...]) -> int | None:
    try:
        descriptor = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    for part in parts:
        try:
            inner = os.open(part, _FOLDER, dir_fd=descriptor)
        except FileNotFoundError:
            return None
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def walk(folder: int, above: tuple[str, ...] = ()) -> Iterator[Found]:
    """Every name below the open ``folder`` that is no folder, and the empty folders, by name.

    Raises PermissionError where something may not be read.
    """
    with os.scandir(folder) as entries:
        names = sorted((entry.name for entry in entries), key=os.fsencode)
    if not names and above:
        yield Found(above, left_out=EMPTY)
    for name in names:
        parts = (*above, name)
        entry = descriptors.look(folder, name)
        if entry is None:
            yield Found(parts, left_out=GONE)
        elif entry.kind == descriptors.FOLDER:
            yield from _inside(folder, name, parts)
        elif entry.kind == descriptors.FILE:
            yield from _file(folder, name, parts)
        else:
            yield Found(parts, left_out=entry.kind)


def _inside(folder: int, name: str, parts: tuple[str, ...]) -> Iterator[Found]:
    if len(parts) > DEEPEST:
        yield Found(parts, left_out=TOO_DEEP)
        return
    try:
        inner = os.open(name, _FOLDER, dir_fd=folder)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.ENOTDIR):
            raise
        yield Found(parts, left_out=GONE)
        return
    try:
        yield from walk(inner, parts)
    finally:
        os.close(inner)


def _file(folder: int, name: str, parts: tuple[str, ...]) -> Iterator[Found]:
    try:
        with descriptors.open_file(folder, name) as (descriptor, _):
            status = os.fstat(descriptor)
            if status.st_size - status.st_blocks * 512 > LARGEST_HOLE:
                yield Found(parts, left_out=HOLE)
            else:
                yield Found(parts, descriptor)
    except Refused as refused:
        yield Found(parts, left_out=str(refused.args[0]) if refused.args else GONE)
    except FileNotFoundError:
        yield Found(parts, left_out=GONE)


def chunks(descriptor: int) -> Iterator[bytes]:
    """The content of an open file, no more than it had at the beginning."""
    rest = os.fstat(descriptor).st_size
    while rest > 0 and (chunk := os.read(descriptor, min(CHUNK, rest))):
        rest -= len(chunk)
        yield chunk


def remove(folder: int, name: str) -> None:
    """Remove ``name`` from the open ``folder`` with all that is in it; links are removed, not followed.

    Nothing there is no error, so that a removal which was killed can be done again. However deep it is:
    a folder that lies too deep for descriptors is first moved up.
    """
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(status.st_mode):
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            _empty(inner, inner, 0)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)


def _empty(top: int, folder: int, depth: int) -> None:
    with suppress(PermissionError):  # whoever may override modes need not own it
        os.fchmod(folder, 0o700)
    while True:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
        if not names:
            return
        for name in names:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISDIR(status.st_mode):
                os.unlink(name, dir_fd=folder)
            elif depth >= DEEPEST:
                os.rename(name, descriptors.temporary_name(), src_dir_fd=folder, dst_dir_fd=top)
            else:
                inner = os.open(name, _FOLDER, dir_fd=folder)
                try:
                    _empty(top, inner, depth + 1)
                finally:
                    os.close(inner)
                os.rmdir(name, dir_fd=folder)


def sync(folder: Path) -> None:
    """Flush a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all: beside its place, flushed, then renamed into it."""
    half = path.with_name(descriptors.temporary_name())
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            descriptors.write_all(descriptor, content)
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(half, path)
    finally:
        half.unlink(missing_ok=True)
    sync(path.parent)
