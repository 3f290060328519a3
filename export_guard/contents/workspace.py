"""Everything that a desk does to files of the workspace. Paths are API paths: ``folder/name.txt``."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from export_guard.contents import descriptors, names, trees
from export_guard.contents.descriptors import Entry
from export_guard.contents.problems import Refused

MIB = 1 << 20
_REASONS = {
    errno.ENOENT: "missing",
    errno.EEXIST: "exists",
    errno.ENOTEMPTY: "exists",
    errno.EISDIR: "folder",
    errno.ENOTDIR: "not-folder",
    errno.ELOOP: "link",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EROFS: "read-only",
    errno.EXDEV: "elsewhere",
    errno.EINVAL: "inside-itself",
    errno.EAGAIN: "busy",
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.ENAMETOOLONG: "name",
}


@dataclass(frozen=True)
class Limits:
    """How much one operation may take on. ``copied_bytes`` in bytes."""

    shown_entries: int = 2_000
    """Entries of a folder that are listed."""
    read_entries: int = 20_000
    """Names of a folder that are read, to choose those from."""
    tree_entries: int = 20_000
    """Files and folders that one deletion or copy handles."""
    copied_bytes: int = 500 * MIB


@dataclass(frozen=True)
class Listing:
    """A folder: itself and its entries in order of name. ``whole`` is False when some were left out."""

    folder: Entry
    entries: list[Entry]
    whole: bool


@contextmanager
def _spoken(path: str) -> Iterator[None]:
    """Turn errors of the system into `Refused` about the last part of ``path``."""
    name = path.strip("/").rpartition("/")[2]
    try:
        yield
    except OSError as error:
        raise Refused(_REASONS.get(error.errno or 0, "disk"), name) from error


class Workspace:
    """A workspace below ``root``. Every method may be called from any thread. All raise `Refused`."""

    def __init__(self, root: str | Path, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        # The operator chose the root; nobody in an engine can move a mount point.
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the root. Nothing may be asked afterwards."""
        os.close(self._root)

    @contextmanager
    def folder(self, parts: tuple[str, ...]) -> Iterator[int]:
        """The descriptor of a folder, reached part by part, each opened in the one before."""
        held = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._root)
        try:
            for part in parts:
                inner = self._step(held, part)
                os.close(held)
                held = inner
            yield held
        finally:
            os.close(held)

    @staticmethod
    def _step(parent: int, part: str) -> int:
        try:
            return os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        except NotADirectoryError:
            # The system says the same of a link and of a file; a person wants to know which.
            found = descriptors.look(parent, part)
            if found is not None and found.kind == descriptors.LINK:
                raise Refused("link", part) from None
            raise Refused("not-folder", part) from None
        except OSError as error:
            raise Refused(_REASONS.get(error.errno or 0, "disk"), part) from error

    @contextmanager
    def _place(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder of ``path`` and its last part."""
        parts = names.split(path)
        if not parts:
            raise Refused("root")
        with _spoken(path), self.folder(parts[:-1]) as parent:
            yield parent, parts[-1]

    def look(self, path: str) -> Entry:
        """What is there, without opening it."""
        if not names.split(path):
            return descriptors.entry_of("", os.fstat(self._root))
        with self._place(path) as (parent, name):
            found = descriptors.look(parent, name)
            if found is None:
                raise Refused("missing", name)
            return found

    def read(self, path: str, limit: int) -> tuple[bytes, Entry]:
        """At most ``limit`` bytes from the start of a regular file, and the file's `Entry`.

        The file is longer than what was read when ``entry.size`` is.
        """
        with self._place(path) as (parent, name), descriptors.open_file(parent, name) as (opened, entry):
            chunks, rest = [], limit
            while rest > 0 and (chunk := os.read(opened, min(rest, trees.CHUNK))):
                chunks.append(chunk)
                rest -= len(chunk)
            return b"".join(chunks), entry

    def listing(self, path: str, shown: Callable[[str], bool] = lambda _: True) -> Listing:
        """What a folder holds: names that can be asked for and that ``shown`` says yes to."""
        parts = names.split(path)
        with _spoken(path), self.folder(parts) as folder:
            found = trees.names_in(folder, self.limits.read_entries + 1)
            asked = sorted(n for n in found if names.usable(n) and not names.hidden(n) and shown(n))
            looked = [descriptors.look(folder, name) for name in asked[: self.limits.shown_entries]]
            own = descriptors.entry_of(parts[-1] if parts else "", os.fstat(folder))
        whole = len(found) <= self.limits.read_entries and len(asked) <= self.limits.shown_entries
        return Listing(own, [entry for entry in looked if entry is not None], whole)

    def write(self, path: str, data: bytes, *, replace: bool = True) -> Entry:
        """Save a regular file at once: it holds the old bytes or the new ones, never a part.

        What is under the name is looked at first, for the sentence; should it be swapped after that,
        the rename replaces the name, whatever it is by then, and touches nothing that it leads to.
        """
        with self._place(path) as (parent, name):
            found = descriptors.look(parent, name)
            if found is not None and found.kind != descriptors.FILE:
                raise Refused(found.kind, name)
            if found is not None and not found.writable:
                raise Refused("forbidden", name)
            temporary = descriptors.temporary_name()
            opened = descriptors.create_file(parent, temporary)
            try:
                descriptors.write_all(opened, data)
                # The name must not reach the disk before the bytes do.
                os.fsync(opened)
                if replace:
                    os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
                else:
                    descriptors.move_new(parent, temporary, parent, name)
                return descriptors.entry_of(name, os.fstat(opened))
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=parent)
                raise
            finally:
                os.close(opened)

    def make_folder(self, path: str) -> Entry:
        """A new folder. Refused as ``exists`` when anything is there."""
        with self._place(path) as (parent, name):
            descriptors.create_folder(parent, name)
            return descriptors.look(parent, name) or self._gone(name)

    def rename(self, old: str, new: str) -> None:
        """Give a file, folder or link another name or place. Never replaces anything."""
        if names.split(new)[: len(names.split(old))] == names.split(old):
            raise Refused("inside-itself")
        with self._place(old) as (parent, name), self._place(new) as (new_parent, new_name):
            if descriptors.look(parent, name) is None:
                raise Refused("missing", name)
            descriptors.move_new(parent, name, new_parent, new_name)

    def delete(self, path: str) -> None:
        """Delete a file, link or special file, or a folder with all in it."""
        with self._place(path) as (parent, name):
            trees.remove(parent, name, trees.Budget(name, self.limits.tree_entries))

    def copy(self, old: str, new: str) -> Entry:
        """Copy a file or folder to a new name, where it appears at once and whole."""
        if names.split(new)[: len(names.split(old))] == names.split(old):
            raise Refused("inside-itself")
        with self._place(old) as (parent, name), self._place(new) as (new_parent, new_name):
            size = self.limits.copied_bytes
            budget = trees.Budget(name, self.limits.tree_entries, size, size, "too-many-copied")
            temporary = descriptors.temporary_name()
            try:
                found = descriptors.look(parent, name)
                if found is not None and found.kind == descriptors.FOLDER:
                    trees.copy_folder(parent, name, new_parent, temporary, budget)
                else:
                    trees.copy_file(parent, name, new_parent, temporary, budget)
                descriptors.move_new(new_parent, temporary, new_parent, new_name)
            except BaseException:
                with suppress(OSError, Refused):
                    trees.remove(new_parent, temporary, trees.Budget(name, 2 * self.limits.tree_entries))
                raise
            return descriptors.look(new_parent, new_name) or self._gone(new_name)

    def free_name(self, folder: str, candidates: Iterator[str]) -> str:
        """The first of ``candidates`` that is not taken. Another may take it before it is used."""
        with _spoken(folder), self.folder(names.split(folder)) as opened:
            for candidate in candidates:
                if not names.usable(candidate) or names.hidden(candidate):
                    raise Refused("name")
                if descriptors.look(opened, candidate) is None:
                    return candidate
        raise Refused("exists", candidate)

    @staticmethod
    def _gone(name: str) -> Entry:
        raise Refused("missing", name)
