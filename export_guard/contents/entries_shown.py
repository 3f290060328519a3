"""Names, times and sizes of files count on the display budget: code in a kernel chooses all of them.

Each counts once, as long as it stays the same. Past the budget a small allowance is left, so that a
person still finds the file that they ask to have released.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from threading import Lock

from export_guard.budget import DisplayBudget
from export_guard.contents.descriptors import Entry

REMEMBERED = 20_000
ATTRIBUTES = 16
"""Bytes for which an entry's time and size count when they are new."""
ALLOWANCE = 8 * 1024
"""Bytes that are shown past the budget, until some of it is free again."""


class EntriesShown:
    """What of the workspace's folders one desk has shown. Any thread may ask."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._left = ALLOWANCE
        self._lock = Lock()

    def of(self, folder: str, entries: Iterable[Entry], budget: DisplayBudget | None) -> list[Entry]:
        """Those of ``entries`` of ``folder`` that may be shown, as they may be; they are counted."""
        if budget is None:
            return list(entries)
        with self._lock:
            free = budget.allows()
            if free:
                self._left = ALLOWANCE
            cost, shown = 0, []
            for entry in entries:
                kept, size = self._shown((folder.strip("/"), entry.name), entry, free)
                cost += size
                if kept is not None:
                    shown.append(kept)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        budget.spend(cost)
        return shown

    def _shown(self, key: tuple[str, str], entry: Entry, free: bool) -> tuple[Entry | None, int]:
        before = self._known.get(key)
        if before == entry:
            return entry, 0
        size = ATTRIBUTES + (0 if before else len(entry.name.encode("utf-8", "surrogateescape")))
        if not free:
            if size > self._left:
                # As it was when it was shown last. What it is decides what may be done with it.
                return (replace(before, kind=entry.kind, writable=entry.writable) if before else None), 0
            self._left -= size
        self._known[key] = entry
        return entry, size
