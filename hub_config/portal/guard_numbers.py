"""What desks tell of their guards' work, for Prometheus: by project, and of nobody's content.

A desk tells under its own token. So one that was taken over can tell lies of its own project, within bounds,
and of no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from hub_config.portal.desk_identity import DeskId
from provisioning.refusal import Refusal

BOUNDS = {
    "shown_bytes": 2**40,
    "shown_cells": 2**40,
    "messages": 2**40,
    "filter_us": 2**40,
    "budget_permille": 1_000_000,
}
"""What a telling holds, all of it, and the largest value of each."""
REMEMBERED = 300.0
"""Seconds that a desk's share of its budget counts after it was told."""


class GuardNumbers(Collector):
    """Counters by project, and the largest share of a display budget that a desk of it has spent."""

    def __init__(self, collected: CollectorRegistry, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._shares: dict[DeskId, tuple[float, float]] = {}

        def counter(name: str, said: str) -> Counter:
            return Counter(f"carrel_guard_{name}", said, ("project",), registry=collected)

        self.shown_bytes = counter("shown_bytes", "Bytes that desks showed to browsers.")
        self.shown_cells = counter("shown_cells", "Table cells that desks showed to browsers.")
        self.messages = counter("filtered_messages", "Messages of kernels that went through the filter.")
        self.seconds = counter("filter_seconds", "Seconds that the filter took for them.")
        collected.register(self)

    def told(self, desk: DeskId, document: dict[str, Any]) -> None:
        """Add what ``desk`` told. Raises `Refusal` for anything else than `BOUNDS` name."""
        fits = set(document) == set(BOUNDS) and all(
            type(document[name]) is int and 0 <= document[name] <= most for name, most in BOUNDS.items()
        )
        if not fits:
            raise Refusal("A desk's numbers are these whole numbers: {names}.", names=", ".join(BOUNDS))
        self.shown_bytes.labels(desk.project).inc(document["shown_bytes"])
        self.shown_cells.labels(desk.project).inc(document["shown_cells"])
        self.messages.labels(desk.project).inc(document["messages"])
        self.seconds.labels(desk.project).inc(document["filter_us"] / 1e6)
        self._shares[desk] = (self.clock(), document["budget_permille"] / 1000)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        since = self.clock() - REMEMBERED
        self._shares = {desk: told for desk, told in list(self._shares.items()) if told[0] >= since}
        largest: dict[str, float] = {}
        for desk, (_, share) in self._shares.items():
            largest[desk.project] = max(share, largest.get(desk.project, 0.0))
        family = GaugeMetricFamily(
            "carrel_guard_budget_share",
            "Largest part of a display budget that an account has spent; over 1 where it is crossed.",
            labels=["project"],
        )
        for project, share in sorted(largest.items()):
            family.add_metric([project], share)
        return (family,)
