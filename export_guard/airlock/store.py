"""Files on their way out, each under the digest of its content: what was reviewed is what is released.

``<root>/sha256/ab/abcdef…``, mode 0440, never changed. A file is there whole or not at all: it is
written beside the store, checked, flushed to the disk and then renamed into it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import BinaryIO

from provisioning.refusal import Refusal

MIB = 1024**2
LARGEST_FILE = 500 * MIB
KEPT_FREE = 1024 * MIB
"""Bytes of the disk that the store leaves to others."""
HALF_FOR = 24 * 3600.0
"""Seconds after which a half-written file is one that nobody writes any more."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_HALF = "half"


class StoreRefused(Refusal):
    """A file that the store does not take; ``status`` is the HTTP status that says the same."""

    def __init__(self, status: int, message: str, **values: object) -> None:
        super().__init__(message, **values)
        self.status = status


class Store:
    """The store below ``root``, which must be there. Every method blocks; any thread may call."""

    def __init__(self, root: Path, largest_file: int = LARGEST_FILE, kept_free: int = KEPT_FREE) -> None:
        self.root = root
        self.largest_file = largest_file
        self.kept_free = kept_free

    def path(self, sha256: str) -> Path:
        """Where the content with this digest is, or would be."""
        if not _DIGEST.fullmatch(sha256):
            raise ValueError("not a digest")
        return self.root / "sha256" / sha256[:2] / sha256

    def size(self, sha256: str) -> int | None:
        """The size of the content with this digest, in bytes; None where the store has none."""
        try:
            return self.path(sha256).stat(follow_symlinks=False).st_size
        except FileNotFoundError:
            return None

    def open(self, sha256: str) -> BinaryIO:
        """The content, for reading. Raises FileNotFoundError."""
        descriptor = os.open(self.path(sha256), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        return os.fdopen(descriptor, "rb")

    def incoming(self, sha256: str, size: int) -> Incoming:
        """Begin to take a file of ``size`` bytes that has this digest. Raises `StoreRefused`."""
        path = self.path(sha256)
        if size > self.largest_file:
            raise too_large(self.largest_file)
        half = self.root / _HALF
        try:
            half.mkdir(mode=0o750, exist_ok=True)
            free = shutil.disk_usage(half).free
            if free - size >= self.kept_free:
                return Incoming(half / token_hex(16), path, sha256, size)
        except OSError as error:
            raise _full() from error
        raise _full()

    def digests(self, before: float) -> Iterator[str]:
        """The digests of what came before this time (seconds since 1970)."""
        for path in (self.root / "sha256").glob("??/*"):
            if _DIGEST.fullmatch(path.name) and path.stat().st_mtime < before:
                yield path.name

    def remove(self, sha256: str, before: float) -> bool:
        """Remove content that no request names, unless it came again after this time."""
        path = self.path(sha256)
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()
                return True
        return False

    def sweep_halves(self, now: float | None = None) -> None:
        """Remove what a killed portal left half-written."""
        for path in (self.root / _HALF).glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < (now or time.time()) - HALF_FOR:
                    path.unlink()


class Incoming:
    """One file on its way in. `finish` or `abort` ends it; until then the store does not have it.

    `abort` may come from another thread while `write` is at work: a descriptor that is closed under
    a write could be another file's by then.
    """

    def __init__(self, half: Path, path: Path, sha256: str, size: int) -> None:
        self.half, self.path, self.sha256, self.rest = half, path, sha256, size
        self.digest = hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor: int | None = os.open(half, flags, 0o400)
        self._lock = Lock()

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises `StoreRefused` for more than were announced, and on a full disk."""
        with self._open() as descriptor:
            self.rest -= len(chunk)
            if self.rest < 0:
                raise _not_announced()
            self.digest.update(chunk)
            view = memoryview(chunk)
            while view:
                view = view[os.write(descriptor, view) :]

    def finish(self) -> None:
        """Put the whole file into the store. Raises `StoreRefused` unless it is what was announced."""
        with self._open() as descriptor:
            if self.rest or self.digest.hexdigest() != self.sha256:
                raise _not_announced()
            os.fchmod(descriptor, 0o440)
            # The name must not reach the disk before the bytes do.
            os.fsync(descriptor)
            self.path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
            # The same content may be there, and is replaced by the same content.
            os.rename(self.half, self.path)
            for folder in (self.path.parent, self.path.parent.parent):
                _sync(folder)
            self._close()

    def abort(self) -> None:
        """Forget it. Does nothing once it has ended."""
        with self._lock:
            self._drop()

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The descriptor, for one thread at a time; what goes wrong meanwhile ends the file."""
        with self._lock:
            if self._descriptor is None:
                raise _not_announced()
            try:
                yield self._descriptor
            except OSError as error:
                self._drop()
                raise _full() from error
            except StoreRefused:
                self._drop()
                raise

    def _drop(self) -> None:
        if self._descriptor is not None:
            self._close()
            with suppress(FileNotFoundError):
                self.half.unlink()

    def _close(self) -> None:
        assert self._descriptor is not None
        os.close(self._descriptor)
        self._descriptor = None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def too_large(largest: int) -> StoreRefused:
    """The refusal of a file of more than ``largest`` bytes."""
    message = "A file may have at most {limit} MiB to be released. Ask for a smaller one."
    return StoreRefused(413, message, limit=largest // MIB)


def _not_announced() -> StoreRefused:
    return StoreRefused(
        422, "The file changed while it was copied. Let what writes it finish, and ask again."
    )


def _full() -> StoreRefused:
    return StoreRefused(507, "There is no room for files to be released. Tell an administrator.")
