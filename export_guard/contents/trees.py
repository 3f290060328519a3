"""Whole trees: deleting and copying, in a bounded number of steps and without following links."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import dataclass

from export_guard.contents import descriptors
from export_guard.contents.names import DEEPEST_PATH
from export_guard.contents.problems import Refused

CHUNK = 1 << 20
"""Bytes copied at a time."""


@dataclass
class Budget:
    """What one operation may still touch; ``size`` in bytes. The rest is for the sentence."""

    name: str
    entries: int
    size: int = 0
    size_limit: int = 0
    reason: str = "too-many"

    def check(self, size: int) -> None:
        """Raises `Refused` when ``size`` is more than is left."""
        if size > self.size:
            raise Refused("too-large-copied", self.name, limit=self.size_limit)

    def spend(self, size: int = 0, *, entries: int = 0) -> None:
        """Raises `Refused` when it is more than is left."""
        self.check(size)
        self.entries -= entries
        self.size -= size
        if self.entries < 0:
            raise Refused(self.reason, self.name)


def remove(parent: int, name: str, budget: Budget) -> None:
    """Delete whatever ``name`` is: a file, a link (never what it leads to), a folder with all in it.

    A folder is emptied through its descriptor and its name removed with rmdir, which takes only an
    empty folder. The engine can move other things of the workspace into the folder meanwhile; it could
    have deleted them itself. Raises `Refused`, OSError.
    """
    budget.spend(entries=1)
    if _unlinked(parent, name):
        return
    with descriptors.open_folder(parent, name) as top:
        while found := names_in(top, budget.entries + 1):
            _empty(top, found, top, budget, 1)
    _remove_folder(parent, name, budget)


def _unlinked(parent: int, name: str) -> bool:
    """Remove ``name`` unless it is a folder. unlink itself is asked, so nothing slips in between."""
    try:
        os.unlink(name, dir_fd=parent)
    except IsADirectoryError:
        return False
    return True


def _remove_folder(parent: int, name: str, budget: Budget) -> None:
    try:
        os.rmdir(name, dir_fd=parent)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise
        raise Refused(budget.reason, budget.name) from error  # somebody fills it meanwhile


def _empty(folder: int, found: list[str], top: int, budget: Budget, depth: int) -> None:
    for name in found:
        budget.spend(entries=1)
        # Somebody else may be deleting too.
        with suppress(FileNotFoundError):
            if _unlinked(folder, name):
                continue
            if depth >= DEEPEST_PATH:
                # More descriptors should not be held: moved to the top, where the next round takes it.
                os.rename(name, descriptors.temporary_name(), src_dir_fd=folder, dst_dir_fd=top)
                continue
            with descriptors.open_folder(folder, name) as inner:
                if os.fstat(inner).st_dev != os.fstat(top).st_dev:
                    raise Refused("elsewhere", budget.name)  # something is mounted there
                _empty(inner, names_in(inner, budget.entries + 1), top, budget, depth + 1)
            _remove_folder(folder, name, budget)


def copy_file(parent: int, name: str, new_parent: int, new: str, budget: Budget) -> None:
    """A copy of the regular file ``name`` as the new file ``new``. Raises `Refused`, OSError."""
    with descriptors.open_file(parent, name) as (source, entry):
        budget.check(entry.size)  # before the first byte is copied in vain
        target = descriptors.create_file(new_parent, new)
        try:
            # Metered by what is read, not by a size that may grow.
            while chunk := os.read(source, CHUNK):
                budget.spend(len(chunk))
                descriptors.write_all(target, chunk)
        finally:
            os.close(target)


def copy_folder(parent: int, name: str, new_parent: int, new: str, budget: Budget, *, depth: int = 0) -> None:
    """A copy of a folder: regular files and folders; what is unavailable is left out."""
    if depth > DEEPEST_PATH:
        raise Refused("too-deep")
    with descriptors.open_folder(parent, name) as source:
        descriptors.create_folder(new_parent, new)
        with descriptors.open_folder(new_parent, new) as target:
            inside = names_in(source, budget.entries + 1)
            budget.spend(entries=len(inside))  # before the first is copied in vain
            for each in inside:
                found = descriptors.look(source, each)
                try:
                    # The look only chooses; either way refuses what has become something else.
                    if found is not None and found.kind == descriptors.FOLDER:
                        copy_folder(source, each, target, each, budget, depth=depth + 1)
                    elif found is not None and found.kind == descriptors.FILE:
                        copy_file(source, each, target, each, budget)
                except Refused as refused:
                    if refused.reason not in (descriptors.LINK, descriptors.SPECIAL, descriptors.HARD_LINK):
                        raise
                except (FileNotFoundError, NotADirectoryError, PermissionError):
                    pass  # gone, changed, or closed to the desk: as unavailable as a link


def names_in(folder: int, most: int) -> list[str]:
    """Up to ``most`` names of a folder, in the order of the disk."""
    names: list[str] = []
    with os.scandir(folder) as found:
        for entry in found:
            if len(names) >= most:
                break
            names.append(entry.name)
    return names
