"""Key files in the keys folder: made on first use, whole or not at all, and nobody else's.

The folder itself is never made here: one that is not mounted would be made in a container, and the keys in
it lost with that.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from provisioning.refusal import Refusal

LARGEST = 64 * 1024
"""Bytes."""


class KeyUnavailable(Refusal):
    """A key cannot be read or made, is not the owner's alone, or is not what it has to be."""


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of ``path``; of `make` where it is not there yet, kept with mode 0600.

    Of two processes that make it, the first one's stands. Raises `KeyUnavailable`.
    """
    try:
        if not os.path.lexists(path):
            write_new(path, make(), 0o600)
        return _read(path)
    except OSError as error:
        raise KeyUnavailable(
            "The key {file} cannot be read or made ({reason}): mount the keys folder, or set CARREL_KEYS.",
            file=path,
            reason=error.strerror,
        ) from error


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write ``path`` whole and durably, unless it is there already. Raises OSError."""
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)  # Unlike a rename, fails where another process was first.
        except FileExistsError:
            return
        _sync(path.parent)
    finally:
        half.unlink()


def owners_alone(path: Path, status: os.stat_result) -> None:
    """Raises `KeyUnavailable` where others than its owner have any right to ``path``."""
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KeyUnavailable("{file} can be read by others: run chmod go= {file}.", file=path)


def damaged(path: Path) -> KeyUnavailable:
    """The refusal of a key that does not have its form."""
    return KeyUnavailable("The key {file} is damaged: restore it from a backup.", file=path)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        owners_alone(path, os.fstat(file.fileno()))
        return file.read(LARGEST)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
