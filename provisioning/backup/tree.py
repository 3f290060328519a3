"""Reading a folder that somebody hostile writes to: nothing is followed, nothing is waited for.

Every name is opened relative to its folder's descriptor, so that a folder that is swapped for a link
meanwhile leads nowhere. What is no regular file or folder is told, never opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass

DEEPEST = 128
"""Folders within folders; each holds a descriptor while it is read."""
LARGEST_HOLE = 16 * 1024**3
"""Bytes that a file may claim beyond what it has on disk: a hole of an exabyte would be read for years."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_KINDS = {
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "device",
    stat.S_IFCHR: "device",
}


@dataclass(frozen=True)
class Found:
    """One name below the folder that is walked.

    ``path`` is relative, with ``/``; bytes that are no UTF-8 are surrogates. ``descriptor`` is that of
    a regular file, open until the walk goes on. ``skipped`` says why there is nothing to copy.
    """

    path: str
    status: os.stat_result | None
    descriptor: int | None = None
    parent: int = -1
    skipped: str = ""

    @property
    def folder(self) -> bool:
        """Whether this is a folder."""
        return not self.skipped and self.descriptor is None


def walk(root: int, wanted: Callable[[str], bool] = lambda path: True) -> Iterator[Found]:
    """Everything below the folder open as ``root``, a folder before what is in it, by name.

    What ``wanted`` refuses is left out with all that is below it.
    """
    yield from _below(root, "", 0, wanted)


def _below(parent: int, prefix: str, depth: int, wanted: Callable[[str], bool]) -> Iterator[Found]:
    with os.scandir(parent) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        path = prefix + name
        if not wanted(path):
            continue
        try:
            status = os.lstat(name, dir_fd=parent)
        except FileNotFoundError:
            continue
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFDIR:
            yield from _folder(parent, name, path, depth, wanted)
        elif kind == stat.S_IFREG:
            yield from _file(parent, name, path)
        else:
            yield Found(path, status, skipped=_KINDS.get(kind, "special"))


def _folder(parent: int, name: str, path: str, depth: int, wanted: Callable[[str], bool]) -> Iterator[Found]:
    try:
        opened = os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        yield Found(path, None, skipped=_why(error))
        return
    try:
        yield Found(path, os.fstat(opened), parent=parent)
        if depth >= DEEPEST:
            yield Found(path, None, skipped="too-deep")
        else:
            yield from _below(opened, path + "/", depth + 1, wanted)
    finally:
        os.close(opened)


def _file(parent: int, name: str, path: str) -> Iterator[Found]:
    try:
        opened = os.open(name, _FILE, dir_fd=parent)
    except OSError as error:
        yield Found(path, None, skipped=_why(error))
        return
    try:
        status = os.fstat(opened)
        if not stat.S_ISREG(status.st_mode):
            yield Found(path, status, skipped="changed")
        elif status.st_size - status.st_blocks * 512 > LARGEST_HOLE:
            yield Found(path, status, skipped="hole")
        else:
            yield Found(path, status, opened, parent)
    finally:
        os.close(opened)


def _why(error: OSError) -> str:
    """ELOOP and ENOTDIR: it was a folder or file a moment ago and is a link now."""
    return "gone" if isinstance(error, FileNotFoundError) else "unreadable"
