"""What the gate refused, kept on the disk until the audit trail has taken it in.

The gate has no registry, and nobody else may write here: the hub asks for what it has not seen yet
(``GET /carrel/refused?after=N``) and cannot make any of it go away. Refusals that repeat one another
are summed, and the oldest give way past `MOST` lines, which the numbers show.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

log = logging.getLogger("carrel.docker_gate")

REFUSED = "/carrel/refused"
"""The one path that is the gate's own; Docker has none that begins so."""
FOLDER = "refusals"
"""In the data folder, the gate's alone."""
FILE, BEFORE = "refused.jsonl", "refused.1.jsonl"
MOST = 5000
"""Lines of a file; the one before is kept too."""
SUM_WITHIN = 10.0
"""Seconds in which refusals of the same kind become one line."""
AT_ONCE = 200
MOST_SUMS = 100


class Refusals:
    """Numbered lines in ``folder``, each a time, method, reason and count. Any thread may call it."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self.clock = folder, clock
        self._lock = threading.Lock()
        self._sums: dict[tuple[str, str], int] = {}
        self._written: dict[tuple[str, str], float] = {}
        self._flushed = clock()
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            log.error("refusals cannot be kept in %s: %s", folder, error.strerror)
        lines = [*self._read(BEFORE), *self._read(FILE)]
        self._count = len(self._read(FILE))
        self.last = max((line["number"] for line in lines), default=0)

    def add(self, method: str, reason: str) -> None:
        """Keep one. It never raises: a disk that is full must not stop the gate from refusing."""
        key = method[:16], reason
        with self._lock:
            now = self.clock()
            if (
                now - self._written.get(key, now - SUM_WITHIN) >= SUM_WITHIN
                and len(self._written) < MOST_SUMS
            ):
                self._written[key] = now
                self._append(key, 1)
            elif key in self._sums or len(self._sums) < MOST_SUMS:
                self._sums[key] = self._sums.get(key, 0) + 1
            else:
                other = ("OTHER", "other")
                self._sums[other] = self._sums.get(other, 0) + 1
            self._flush(now)

    def after(self, number: int) -> dict[str, Any]:
        """The lines behind ``number``, `AT_ONCE` at most, and the ``last`` number that was given."""
        with self._lock:
            self._flush(self.clock())
            lines = [line for name in (BEFORE, FILE) for line in self._read(name) if line["number"] > number]
            return {"last": self.last, "refused": lines[:AT_ONCE]}

    def _flush(self, now: float) -> None:
        if now - self._flushed < SUM_WITHIN:
            return
        self._flushed = now
        self._written = {key: at for key, at in self._written.items() if now - at < SUM_WITHIN}
        for key in list(self._sums):
            self._append(key, self._sums.pop(key))

    def _append(self, key: tuple[str, str], count: int) -> None:
        line = {"number": self.last + 1, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        line |= {"method": key[0], "reason": key[1], "count": count}
        try:
            if self._count >= MOST:
                self._count = 0
                os.replace(self.folder / FILE, self.folder / BEFORE)
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.folder / FILE, flags, 0o600)
            try:
                size = os.fstat(descriptor).st_size
                # A gate that was killed may have left half a line, which must not spoil this one.
                half = size and os.pread(descriptor, 1, size - 1) != b"\n"
                os.write(descriptor, (b"\n" if half else b"") + json.dumps(line).encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            log.error("a refusal is not kept: %s", error.strerror)
            return
        self.last += 1
        self._count += 1

    def _read(self, name: str) -> list[dict[str, Any]]:
        try:
            content = (self.folder / name).read_bytes()
        except OSError:
            return []
        found = []
        for each in content.splitlines():
            try:
                line = json.loads(each)
            except ValueError:
                continue
            if isinstance(line, dict) and isinstance(line.get("number"), int):
                found.append(line)
        return found
