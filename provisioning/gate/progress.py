"""Progress of a registration as lines on a terminal: step, table, share and rate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from provisioning.gate.pipeline import Progress, quiet

_UNITS = {"images": "files"}
EVERY = 1.0
"""Seconds between two lines of one step."""


@contextmanager
def shown_on(stream: TextIO, *, always: bool) -> Iterator[Progress]:
    """A `Progress` that writes to ``stream`` where that is a terminal or ``always``."""
    if not (always or stream.isatty()):
        yield quiet
        return
    started: dict[tuple[str, str], float] = {}
    last: dict[tuple[str, str], float] = {}

    def show(step: str, name: str, done: int, whole: int) -> None:
        key, now = (step, name), time.monotonic()
        begun = started.setdefault(key, now)
        if done < whole and done and now - last.get(key, 0.0) < EVERY:
            return
        last[key] = now
        rate = done / (now - begun) if done and now > begun else 0.0
        unit = f"{rate / 1e6:.1f} MB/s" if step == "read" else f"{rate:,.0f} {_UNITS.get(step, 'rows')}/s"
        share = 100 * done // whole if whole else 0
        stream.write(f"{step} {name}: {done:,} of {whole:,} ({share} %), {unit}\n")
        stream.flush()

    yield show
