"""Events of one desk on the disk, until the portal has them: appended, sent, and only then dropped.

``<folder>/spool.jsonl`` takes new lines; what is to be sent is renamed to ``spool-<number>.jsonl``
first. A line that `append` took is in the kernel's hands: killing the desk loses none, and a power
cut loses at most the last `SYNC_EVERY` seconds. The folder is in the desk's home, which no engine sees.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
import time
from pathlib import Path

from export_guard.limits import KIB, MIB

log = logging.getLogger("export_guard.spool")

ACTIVE = "spool.jsonl"
ASIDE = "refused.jsonl"
SEGMENT = re.compile(r"spool-([0-9]{10})\.jsonl")
SYNC_EVERY = 0.2
"""Seconds."""
SEGMENT_BYTES = MIB
ROOM = 4 * KIB
"""Bytes below its bound at which the spool is full, so that it says so before a line is refused."""
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class SpoolUnusable(Exception):
    """The events of this desk have no place; it must not come up."""


class Spool:
    """One desk's spool. ``bound`` (bytes) is what it may hold; any thread may call every method."""

    def __init__(self, folder: Path, bound: int = 16 * MIB, aside_bound: int = MIB) -> None:
        self.folder, self.bound, self.aside_bound = folder, bound, aside_bound
        self._lock = threading.Lock()
        self._old: list[int] = []
        """Descriptors of renamed files, to be flushed and closed."""
        self._dirty = threading.Event()
        self._closed = False
        self.broken = False
        """Whether the last line could not be written."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._only_one = os.open(folder / "lock", _LOCK, 0o600)
            fcntl.flock(self._only_one, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._active = self._open()
            _end_line(folder / ACTIVE, self._active)
        except BlockingIOError as error:
            raise SpoolUnusable(f"another server of this desk writes to {folder}") from error
        except OSError as error:
            raise SpoolUnusable(f"events cannot be kept in {folder}: {error.strerror}") from error
        self._written = os.fstat(self._active).st_size
        self.size = self._written + sum(path.stat().st_size for path in self._segments())
        threading.Thread(target=self._sync, name="event spool", daemon=True).start()

    @property
    def full(self) -> bool:
        """Whether no more events can be kept: then nothing more must happen that would be one."""
        return self.broken or self.size + ROOM > self.bound

    def append(self, line: bytes) -> bool:
        """Keep one line (without its end); False where there is no room."""
        data = line + b"\n"
        with self._lock:
            if self._closed or self.size + len(data) > self.bound:
                return False
            try:
                written = os.write(self._active, data)
                self.broken = written < len(data)
                if self.broken:  # the disk is full: half a line must not stand before the next one
                    os.ftruncate(self._active, self._written)
                    return False
            except OSError as error:
                if not self.broken:
                    log.error("events cannot be kept: %s", error)
                self.broken = True
                return False
            self._written += len(data)
            self.size += len(data)
            if self._written >= SEGMENT_BYTES:
                self._rotate()
        self._dirty.set()
        return True

    def waiting(self) -> list[Path]:
        """The files to be sent, the oldest first. None of them gets new lines any more."""
        with self._lock:
            # While older ones wait for the portal, no more are made than there must be.
            if self._written and not self._segments():
                self._rotate()
            return self._segments()

    def drop(self, segment: Path) -> None:
        """Forget a file whose every line the portal has."""
        with self._lock:
            size = segment.stat().st_size
            segment.unlink()
            self.size -= size
            self.broken = False

    def put_aside(self, line: bytes) -> None:
        """Keep a line that the portal will never take, for whoever looks into it."""
        log.error("the portal refuses an event: %s", line[:500].decode(errors="replace"))
        with self._lock:
            descriptor = os.open(self.folder / ASIDE, _APPEND, 0o600)
            try:
                if os.fstat(descriptor).st_size + len(line) < self.aside_bound:
                    os.write(descriptor, line + b"\n")
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Flush all and let go of the folder. Nothing is kept afterwards."""
        with self._lock:
            self._closed = True
            self._flush([*self._old, self._active])
            self._old = []
            os.close(self._only_one)
        self._dirty.set()

    def _rotate(self) -> None:
        segments = self._segments()
        last = SEGMENT.fullmatch(segments[-1].name) if segments else None
        number = int(last[1]) + 1 if last else 1
        os.rename(self.folder / ACTIVE, self.folder / f"spool-{number:010}.jsonl")
        self._old.append(self._active)
        self._active, self._written = self._open(), 0

    def _open(self) -> int:
        return os.open(self.folder / ACTIVE, _APPEND, 0o600)

    def _segments(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if SEGMENT.fullmatch(path.name))

    def _sync(self) -> None:
        """Flush to the disk what was written, again and again; in a thread, since a disk may be slow."""
        while not self._closed:
            self._dirty.wait()
            self._dirty.clear()
            with self._lock:
                if self._closed:
                    return
                # Of its own, since `waiting` may have the other closed meanwhile.
                old, self._old = self._old, []
                old.append(os.dup(self._active))
            self._flush(old)
            time.sleep(SYNC_EVERY)

    def _flush(self, descriptors: list[int]) -> None:
        for descriptor in descriptors:
            try:
                os.fsync(descriptor)
            except OSError as error:
                log.error("events cannot be flushed: %s", error)
                self.broken = True
            finally:
                os.close(descriptor)


def _end_line(path: Path, descriptor: int) -> None:
    """End the half line that a power cut may have left, so that the next line is one of its own."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            os.write(descriptor, b"\n")
