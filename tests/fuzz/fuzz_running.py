"""How fuzz tests are run: a short deterministic round with the other tests, a long random one by `tests.fuzz`."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from hypothesis import HealthCheck, settings

SECONDS = 10.0
"""One example takes milliseconds; what takes this long hangs."""
FUZZED: list[Callable[..., Any]] = []
"""Every fuzz test, in the order of the modules that were imported."""
COUNTS: Counter[str] = Counter()
"""Examples that were run, by test."""
SLOWEST: dict[str, float] = {}


class Hang(AssertionError):
    """An example took too long."""


@contextmanager
def soon(seconds: float = SECONDS) -> Iterator[None]:
    """Raises Hang inside when it is not left in time. In the main thread only."""

    def late(*_: object) -> None:
        raise Hang(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fuzzed(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Marks a fuzz test: ``examples`` in the short round. Goes below ``given``."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def one(*args: Any, **options: Any) -> None:
            name = test.__name__
            COUNTS[name] += 1
            began = time.perf_counter()
            with soon():
                test(*args, **options)
            SLOWEST[name] = max(SLOWEST.get(name, 0.0), time.perf_counter() - began)

        return settings(
            max_examples=examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )(one)

    return mark


def listed(test: Callable[..., None]) -> Callable[..., None]:
    """Puts a test among those of the long round. Goes above ``given``."""
    FUZZED.append(test)
    return test
