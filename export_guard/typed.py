"""How much a person has typed into a desk lately, so that no file comes in as cells.

Only what is new counts: a line that was typed, or shown, before is free, and of a changed line what it
does not share with the one before. A person types some ten kilobytes a day; a file of megabytes in
cells is met after one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from traitlets import Float, Integer, Unicode, default
from traitlets.config import Configurable

from export_guard.limits import MIB
from export_guard.window import SlidingWindow

REMEMBERED = 100_000
"""Lines of which it is known that they are here."""
COMPARED = 4096
"""Characters at either end of a line that are compared with the line before."""


class TypedBudget(Configurable):
    """Counts what is typed, pasted or saved, in bytes of UTF-8. Any thread may ask."""

    bytes_typed = Integer(MIB, min=1, config=True, help="Bytes of new text that may come in in one window.")
    window = Float(24 * 3600.0, min=60, config=True, help="Length of the window, in seconds.")
    file = Unicode(config=True, help="SQLite file of what was typed; its folder is made.")

    def __init__(self, clock: Callable[[], float] = time.time, **options: Any) -> None:
        super().__init__(**options)
        self.typed = SlidingWindow(Path(self.file), "typed", ("bytes",), self.window, clock)
        # Hashes with this process's own key (`PYTHONHASHSEED`), so nobody can choose lines that collide.
        self._lines: OrderedDict[int, None] = OrderedDict()
        self._last: list[str] = []
        self._lock = Lock()

    @default("file")
    def _default_file(self) -> str:
        return str(Path.home() / "budget.sqlite")

    def takes(self, texts: Iterable[str], known: Callable[[], Iterable[str]] | None = None) -> bool:
        """Whether ``texts`` may come in; they are counted when they may.

        ``known`` gives what is here already, and is asked only when there is much to count.
        """
        lines = [line for text in texts for line in text.splitlines()]
        with self._lock:
            cost = self._cost(lines)
            if cost > COMPARED and known is not None:
                self._remember(line for text in known() for line in text.splitlines())
                cost = self._cost(lines)
            if cost:
                self.typed.forget()
                if self.typed.totals[0] + cost > self.bytes_typed:
                    return False
                self.typed.add(cost)
            self._remember(lines)
            self._last = lines
        return True

    def note(self, texts: Iterable[str]) -> None:
        """These were shown: they may be saved or run without being counted."""
        with self._lock:
            self._remember(line for text in texts for line in text.splitlines())

    def _cost(self, lines: list[str]) -> int:
        return sum(
            _size(line) - self._shared(line, number)
            for number, line in enumerate(lines)
            if hash(line) not in self._lines
        )

    def _shared(self, line: str, number: int) -> int:
        """Bytes that ``line`` has in common with what stood about there before."""
        near = self._last[max(0, number - 1) : number + 2]
        return max((_common(line, other) for other in near), default=0)

    def _remember(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._lines[hash(line)] = None
        while len(self._lines) > REMEMBERED:
            self._lines.popitem(last=False)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _common(line: str, other: str) -> int:
    """Bytes of the longest beginning and the longest end that two lines share, without overlap."""
    most = min(len(line), len(other), COMPARED)
    start = 0
    while start < most and line[start] == other[start]:
        start += 1
    end = 0
    while end < most - start and line[-1 - end] == other[-1 - end]:
        end += 1
    return _size(line[:start]) + (_size(line[-end:]) if end else 0)
