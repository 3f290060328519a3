"""How much a desk has shown lately: bytes and table cells in a sliding window, kept over restarts.

One desk belongs to one person in one project, so its home holds that pair's budget. The window moves
in steps: what was shown in one step is forgotten as a whole once the step is a window old.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from traitlets import Float, Integer, Unicode, default
from traitlets.config import Configurable

from export_guard.limits import MIB

STEPS = 288
"""Steps in one window: five minutes of a day."""
WARN_AT = 0.8


class Level(StrEnum):
    """How much of the budget is spent."""

    FREE = "free"
    WARNING = "warning"
    SPENT = "spent"


class DisplayBudget(Configurable):
    """Counts what is shown. ``crossed`` is called with the new level each time that it rises.

    The project's own budget, where the registry has one, comes with the desk's environment and goes
    before the traits.
    """

    bytes_shown = Integer(100 * MIB, min=1, config=True, help="Bytes that may be shown in one window.")
    cells_shown = Integer(200_000, min=1, config=True, help="Table cells that may be shown in one window.")
    window = Float(24 * 3600.0, min=60, config=True, help="Length of the window, in seconds.")
    file = Unicode(config=True, help="SQLite file of what was shown; its folder is made.")

    def __init__(
        self,
        crossed: Callable[[Level], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.limit_bytes = _from_environment("CARREL_DISPLAY_BYTES", self.bytes_shown)
        self.limit_cells = _from_environment("CARREL_DISPLAY_CELLS", self.cells_shown)
        self.crossed = crossed
        self.clock = clock
        self.step = self.window / STEPS
        self.shown: dict[int, list[int]] = {}
        """Bytes and cells by step."""
        self.database = self._open()
        for number, size, cells in self.database.execute("SELECT step, bytes, cells FROM shown"):
            self.shown[number] = [size, cells]
        self.totals = [0, 0]
        self._forget(self._now())
        self.known = self.level

    @default("file")
    def _default_file(self) -> str:
        return str(Path.home() / "budget.sqlite")

    def _open(self) -> sqlite3.Connection:
        path = Path(self.file)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Tornado's loop and the contents manager's threads both count.
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # What was shown in the last moment before a power cut may be lost, never the file.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS shown (step INTEGER PRIMARY KEY, bytes INTEGER, cells INTEGER)"
        )
        return database

    def _now(self) -> int:
        return int(self.clock() // self.step)

    def _forget(self, now: int) -> None:
        """Drop steps that are a window old. A step of a later time stands: a clock may be set back."""
        old = [number for number in self.shown if number <= now - STEPS]
        for number in old:
            del self.shown[number]
        if old:
            self.database.execute("DELETE FROM shown WHERE step <= ?", (now - STEPS,))
        self.totals = [sum(column) for column in zip(*self.shown.values(), strict=True)] or [0, 0]

    @property
    def share(self) -> float:
        """The part of the budget that is spent; over 1 when it is crossed."""
        return max(self.totals[0] / self.limit_bytes, self.totals[1] / self.limit_cells)

    @property
    def level(self) -> Level:
        """How much is spent."""
        share = self.share
        return Level.SPENT if share >= 1 else Level.WARNING if share >= WARN_AT else Level.FREE

    def allows(self) -> bool:
        """Whether anything may still be shown."""
        if self.known is Level.SPENT:
            self._forget(self._now())
            self._look()
        return self.known is not Level.SPENT

    def spend(self, size: int, cells: int = 0) -> None:
        """Count ``size`` bytes and ``cells`` table cells that are shown now."""
        if not size and not cells:
            return
        now = self._now()
        if now not in self.shown:
            self.shown[now] = [0, 0]
            self._forget(now)
        for column, amount in enumerate((size, cells)):
            self.shown[now][column] += amount
            self.totals[column] += amount
        self.database.execute("INSERT OR REPLACE INTO shown VALUES (?, ?, ?)", (now, *self.shown[now]))
        self._look()

    def _look(self) -> None:
        before, self.known = self.known, self.level
        order = list(Level)
        if order.index(self.known) > order.index(before):
            self.crossed(self.known)

    def report(self) -> dict[str, int]:
        """For the status bar: what is spent, of what, in which window (seconds)."""
        self._forget(self._now())
        return {
            "bytes": self.totals[0],
            "limit_bytes": self.limit_bytes,
            "cells": self.totals[1],
            "limit_cells": self.limit_cells,
            "window_seconds": int(self.window),
        }


def _from_environment(name: str, otherwise: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and int(value) > 0 else otherwise
