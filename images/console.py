"""Running programs for a person who watches: short lines, and an error that says what to do."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path


class Stop(Exception):
    """Something a person must mend; its text is the one line they read."""


def say(text: str) -> None:
    """One line of progress."""
    print(f"[carrel] {text}", flush=True)


def run(command: Sequence[str], *, why: str, log: Path | None = None, timeout: float | None = None) -> str:
    """Run ``command`` and return what it printed.

    Raises
    ------
    Stop
        When it fails: ``why``, the last lines it printed, and the log's place.
    """
    try:
        done = subprocess.run(  # noqa: S603
            list(command),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise Stop(f"{why}: {command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise Stop(f"{why}: no end after {timeout:.0f} s ({' '.join(command[:3])} …)") from error
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-12:])
        where = f" (all of it: {log})" if log else ""
        raise Stop(f"{why}: {' '.join(command[:3])} … ended with {done.returncode}{where}\n{tail}")
    return done.stdout


class Stopwatch:
    """Where the time of a long command goes, step by step."""

    def __init__(self) -> None:
        self.started = self.last = time.monotonic()
        self.steps: dict[str, float] = {}

    def lap(self, step: str) -> None:
        """End the step that ran since the last lap."""
        now = time.monotonic()
        self.steps[step] = round(self.steps.get(step, 0) + now - self.last, 1)
        self.last = now

    @property
    def total(self) -> float:
        """Seconds since the start."""
        return round(time.monotonic() - self.started, 1)


def stop_with_line(error: Stop) -> int:
    """Show a `Stop` as its line on standard error; the exit code to leave with."""
    print(f"[carrel] {error}", file=sys.stderr, flush=True)
    return 1
