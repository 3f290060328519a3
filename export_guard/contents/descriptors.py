"""The few system calls that everything in the workspace goes through.

All take the descriptor of a folder and one name in it. A name may turn into something else at any
moment, a descriptor never does: what is decided is decided about a descriptor.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from export_guard.contents.problems import Refused

FILE, FOLDER, LINK, SPECIAL, HARD_LINK = "file", "folder", "link", "special", "hard-link"

_PIN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK also where the kind is known: the owner of a regular file can hold a lease on it, and
# opening it would wait for up to 45 s.
_OPEN_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_REPLACE = 1  # RENAME_NOREPLACE of linux/fs.h
TEMPORARY = ".carrel-"
"""How names of unfinished files begin. Hidden, so never listed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one name without opening it. Times in seconds since 1970, size in bytes."""

    name: str
    kind: str
    size: int
    modified: float
    changed: float
    writable: bool


def kind_of(status: os.stat_result) -> str:
    """FILE, FOLDER, LINK, SPECIAL (pipe, socket, device) or HARD_LINK.

    A regular file with a second name is refused: the second name may be anywhere on the file
    system of the workspace, in another person's folder or in a read-only one, and whoever made the
    link needed no permission to read it. A container's mounts stop this today (`link` does not
    cross a mount), but only as long as nothing else is mounted from the same place.
    """
    if stat.S_ISREG(status.st_mode):
        return FILE if status.st_nlink <= 1 else HARD_LINK
    if stat.S_ISDIR(status.st_mode):
        return FOLDER
    return LINK if stat.S_ISLNK(status.st_mode) else SPECIAL


def entry_of(name: str, status: os.stat_result) -> Entry:
    """The `Entry` of a name whose status was read."""
    return Entry(name, kind_of(status), status.st_size, status.st_mtime, status.st_ctime, _may_write(status))


def look(parent: int, name: str) -> Entry | None:
    """What ``name`` is at this moment, or None. Good for showing, never for deciding."""
    try:
        return entry_of(name, os.stat(name, dir_fd=parent, follow_symlinks=False))
    except FileNotFoundError:
        return None


@contextmanager
def open_folder(parent: int, name: str) -> Iterator[int]:
    """The folder ``name``, never through a link. Raises OSError (ENOTDIR for anything else)."""
    descriptor = os.open(name, _OPEN_FOLDER, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def open_file(parent: int, name: str) -> Iterator[tuple[int, Entry]]:
    """The regular file ``name``, for reading. Raises `Refused` for anything else, OSError.

    First pinned with O_PATH, which opens nothing: not even for an instant is a pipe opened (its
    writer would notice) or a device (some act on it). The pin is then opened through /proc, which
    reaches the very inode that was looked at, whatever its name means by now.
    """
    pin = os.open(name, _PIN, dir_fd=parent)
    try:
        kind = kind_of(os.fstat(pin))
        if kind != FILE:
            raise Refused(kind, name)
        descriptor = os.open(f"/proc/self/fd/{pin}", _OPEN_FILE)
    finally:
        os.close(pin)
    try:
        yield descriptor, entry_of(name, os.fstat(descriptor))
    finally:
        os.close(descriptor)


def temporary_name() -> str:
    """A name that nobody can guess and that is never listed."""
    return TEMPORARY + secrets.token_hex(12)


def create_file(parent: int, name: str, mode: int = 0o660) -> int:
    """A new regular file, opened for writing, of the folder's group. Raises FileExistsError."""
    descriptor = os.open(name, _CREATE, mode, dir_fd=parent)
    try:
        _share(descriptor, parent, mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def create_folder(parent: int, name: str) -> None:
    """A new folder that the engine can use too. Raises FileExistsError."""
    os.mkdir(name, 0o770, dir_fd=parent)
    # Whatever stands under the name by now: the desk can change only what is its own.
    with open_folder(parent, name) as made:
        _share(made, parent, 0o2770)


def move_new(old_parent: int, old: str, new_parent: int, new: str) -> None:
    """Rename without ever replacing anything. Raises FileExistsError when ``new`` is there.

    renameat2 with RENAME_NOREPLACE; for file systems without it, in ways that are as safe: link and
    unlink for a file, and a rename onto a folder that was made just before for a folder, since a
    rename replaces nothing but an empty folder.
    """
    try:
        _renameat2(old_parent, old, new_parent, new)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
    else:
        return
    try:
        os.link(old, new, src_dir_fd=old_parent, dst_dir_fd=new_parent, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        os.mkdir(new, 0o770, dir_fd=new_parent)
        try:
            os.rename(old, new, src_dir_fd=old_parent, dst_dir_fd=new_parent)
        except OSError:
            os.rmdir(new, dir_fd=new_parent)
            raise
    else:
        os.unlink(old, dir_fd=old_parent)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte; a single `os.write` may write fewer."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _share(descriptor: int, parent: int, mode: int) -> None:
    """Give a new file or folder its mode whatever the umask, and its folder's group."""
    os.fchmod(descriptor, mode)
    group = os.fstat(parent).st_gid
    # A set-gid folder has seen to it; one that the engine made may not be set-gid.
    if os.fstat(descriptor).st_gid != group:
        try:
            os.fchown(descriptor, -1, group)
            os.fchmod(descriptor, mode)  # chown drops the set-gid bit
        except PermissionError:
            pass  # not a group of ours: the file stays the desk's alone


def _may_write(status: os.stat_result) -> bool:
    user, groups = _identity()
    if user == 0:
        return True
    if status.st_uid == user:
        return bool(status.st_mode & stat.S_IWUSR)
    return bool(status.st_mode & (stat.S_IWGRP if status.st_gid in groups else stat.S_IWOTH))


@cache
def _identity() -> tuple[int, frozenset[int]]:
    return os.geteuid(), frozenset((os.getegid(), *os.getgroups()))


@cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _renameat2(old_parent: int, old: str, new_parent: int, new: str) -> None:
    if not hasattr(_library(), "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    arguments = (old_parent, os.fsencode(old), new_parent, os.fsencode(new), _NO_REPLACE)
    if _library().renameat2(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), old)
