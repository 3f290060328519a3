"""How much a desk has shown lately: bytes and table cells in a sliding window, kept over restarts.

One desk belongs to one person in one project, so its home holds that pair's budget.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from traitlets import Float, Integer, Unicode, default
from traitlets.config import Configurable

from export_guard.limits import MIB
from export_guard.window import SlidingWindow

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
        self.shown_since_start = [0, 0]
        """Bytes and cells, whatever the window."""
        self.shown = SlidingWindow(Path(self.file), "shown", ("bytes", "cells"), self.window, clock)
        self.known = self.level

    @default("file")
    def _default_file(self) -> str:
        return str(Path.home() / "budget.sqlite")

    @property
    def totals(self) -> list[int]:
        """Bytes and cells shown in the window."""
        return self.shown.totals

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
            self.shown.forget()
            self._look()
        return self.known is not Level.SPENT

    def spend(self, size: int, cells: int = 0) -> None:
        """Count ``size`` bytes and ``cells`` table cells that are shown now."""
        if not size and not cells:
            return
        self.shown.add(size, cells)
        self.shown_since_start[0] += size
        self.shown_since_start[1] += cells
        self._look()

    def _look(self) -> None:
        before, self.known = self.known, self.level
        order = list(Level)
        if order.index(self.known) > order.index(before):
            self.crossed(self.known)

    def report(self) -> dict[str, int]:
        """For the status bar: what is spent, of what, in which window (seconds)."""
        self.shown.forget()
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
