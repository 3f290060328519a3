"""How far long work is: one line on a terminal's standard error, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

_EVERY = 0.2
"""Seconds between two updates."""


class Progress:
    """Call it with how many of how many are done; it wipes its line at the end."""

    def __init__(self, what: str) -> None:
        self._what, self._last, self._shown = what, 0.0, False

    def __enter__(self) -> Self:
        return self

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._last >= _EVERY:
            self._last, self._shown = now, True
            print(f"\r{self._what}: {done} of {total}", end="", file=sys.stderr, flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
