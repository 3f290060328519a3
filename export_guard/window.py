"""Amounts counted in a sliding window, kept over restarts.

The window moves in steps: what was counted in one step is forgotten as a whole once the step is a window
old.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

STEPS = 288
"""Steps in one window: five minutes of a day."""


class SlidingWindow:
    """Sums of ``columns`` over the last ``length`` seconds, in table ``table`` of an SQLite file."""

    def __init__(
        self,
        file: Path,
        table: str,
        columns: Sequence[str],
        length: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.table, self.columns, self.clock = table, tuple(columns), clock
        self.step = length / STEPS
        self.counted: dict[int, list[int]] = {}
        """Amounts by step."""
        self.database = self._open(file)
        names = ", ".join(self.columns)
        for number, *amounts in self.database.execute(f"SELECT step, {names} FROM {table}"):  # noqa: S608
            self.counted[number] = amounts
        self.totals = [0] * len(self.columns)
        self.forget()

    def _open(self, file: Path) -> sqlite3.Connection:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Tornado's loop and the contents manager's threads both count.
        database = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        # What was counted in the last moment before a power cut may be lost, never the file.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        columns = "".join(f", {column} INTEGER" for column in self.columns)
        database.execute(f"CREATE TABLE IF NOT EXISTS {self.table} (step INTEGER PRIMARY KEY{columns})")
        return database

    def _now(self) -> int:
        return int(self.clock() // self.step)

    def forget(self) -> None:
        """Drop steps that are a window old. A step of a later time stands: a clock may be set back."""
        now = self._now()
        old = [number for number in self.counted if number <= now - STEPS]
        for number in old:
            del self.counted[number]
        if old:
            self.database.execute(f"DELETE FROM {self.table} WHERE step <= ?", (now - STEPS,))  # noqa: S608
        self.totals = [sum(each) for each in zip(*self.counted.values(), strict=True)] or [0] * len(
            self.columns
        )

    def add(self, *amounts: int) -> None:
        """Count ``amounts``, one a column, now."""
        now = self._now()
        if now not in self.counted:
            self.counted[now] = [0] * len(self.columns)
            self.forget()
        for column, amount in enumerate(amounts):
            self.counted[now][column] += amount
            self.totals[column] += amount
        places = ", ".join("?" for _ in range(len(self.columns) + 1))
        statement = f"INSERT OR REPLACE INTO {self.table} VALUES ({places})"  # noqa: S608
        self.database.execute(statement, (now, *self.counted[now]))
