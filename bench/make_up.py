"""How long `make up` takes, and where the time goes. Nothing to compare with: stock has no such command.

Standard library only, since `make clean` takes the virtual environment away.
"""

from __future__ import annotations

import re
import time
from typing import Any

from images.console import Stop, run
from images.recipe import ROOT

READY = re.compile(r"^\[carrel\] ready in (?P<total>\d+(?:\.\d+)?) s \((?P<steps>.*)\)$", re.MULTILINE)
STEP = re.compile(r"(?P<step>.+) (?P<seconds>\d+(?:\.\d+)?) s")


def measure(*, cold: bool) -> dict[str, Any]:
    """Run `make up`; seconds as a person counts them, as it tells them, and by step.

    ``cold`` runs `make clean` first: everything is removed, what people made included. What pip
    and apt keep in caches of their own stays.
    """
    if cold:
        run(["make", "-C", str(ROOT), "clean"], why="make clean failed")
    begin = time.monotonic()
    said = run(["make", "-C", str(ROOT), "up"], why="make up failed")
    return {"wall": round(time.monotonic() - begin, 1), **parse(said)}


def parse(said: str) -> dict[str, Any]:
    """Total and steps in seconds out of what `make up` printed; steps under a second are not told."""
    found = READY.search(said)
    if found is None:
        raise Stop("make up did not say [carrel] ready in … s (…)")
    steps = [STEP.fullmatch(part) for part in found["steps"].split(", ") if part]
    return {"total": float(found["total"]), "steps": {s["step"]: float(s["seconds"]) for s in steps if s}}
