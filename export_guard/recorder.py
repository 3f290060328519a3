"""From events to lines of the spool: each event by itself up to a rate, beyond it summed by the second.

Code in a kernel can cause any number of events in a second. What is summed is counted, so that none is
lost: only the last second's sums are, should the desk be killed in the midst of a flood.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from uuid import uuid4

from export_guard.spool import Spool

RATE = 20.0
BURST = 200.0
"""Events of one kind that are kept by themselves: in a second, and at once after a quiet time."""
FLOODING = frozenset({"denied", "withheld", "copy-blocked", "paste-blocked", "drop-blocked"})
"""Kinds that are summed; the others are rare and each of them matters."""
MOST_SUMS = 500
OTHER = "other"


class Recorder:
    """Keeps the events of one desk, of one user in one project. Any thread may call it."""

    def __init__(self, spool: Spool, clock: Callable[[], float] = time.monotonic) -> None:
        self.spool, self.clock = spool, clock
        self._lock = Lock()
        self._buckets: dict[str, tuple[float, float]] = {}
        """What is left of each kind's burst, and when that was reckoned."""
        self._sums: dict[tuple[str, str], list[int]] = {}
        """By kind and reason: count, size and cells."""
        self._flushed = clock()

    @property
    def full(self) -> bool:
        """Whether events cannot be kept now. Until they can, a desk must show nothing more."""
        return self.spool.full

    def add(self, kind: str, detail: dict[str, Any], id: str | None = None) -> None:
        """Keep an event; ``detail`` fits what the registry takes."""
        with self._lock:
            if (kind in FLOODING and not self._may(kind)) or not self._append(kind, detail, id):
                self._sum(kind, detail)
            if self.clock() - self._flushed >= 1:
                self._flush()

    def flush(self) -> None:
        """Write down what was summed so far."""
        with self._lock:
            self._flush()

    def _may(self, kind: str) -> bool:
        now = self.clock()
        left, since = self._buckets.get(kind, (BURST, now))
        left = min(BURST, left + (now - since) * RATE)
        self._buckets[kind] = (max(0.0, left - 1), now)
        return left >= 1

    def _append(self, kind: str, detail: dict[str, Any], id: str | None = None) -> bool:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"id": id or uuid4().hex, "time": now, "kind": kind, **detail}
        return self.spool.append(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode())

    def _sum(self, kind: str, detail: dict[str, Any]) -> None:
        key = (kind, str(detail.get("reason", OTHER)))
        if key not in self._sums and len(self._sums) >= MOST_SUMS:
            key = (kind, OTHER)
        total = self._sums.setdefault(key, [0, 0, 0])
        for position, amount in enumerate((1, detail.get("size", 0), detail.get("cells", 0))):
            total[position] += amount

    def _flush(self) -> None:
        self._flushed = self.clock()
        for key, (count, size, cells) in list(self._sums.items()):
            kind, reason = key
            detail = {"reason": reason, "count": count, "size": size} | ({"cells": cells} if cells else {})
            if not self._append(kind, detail):
                return
            del self._sums[key]
