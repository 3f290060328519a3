"""What the guard of one desk did, as numbers for the site's metrics: how much, how long, never what.

Nobody scrapes a desk. It tells the portal what was added since the last time, under its own token, by which
the portal knows the project; what could not be told stays and is told with the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from export_guard.budget import DisplayBudget
from export_guard.portal_client import PortalAway, PortalRefused

log = logging.getLogger("export_guard.numbers")

EVERY = 15.0
"""Seconds between two tellings."""
LARGEST = 2**40
"""What one telling may add; the portal takes no more (`hub_config.portal.guard_numbers`)."""
LARGEST_SHARE = 1_000_000
"""Permille of the budget; the share is over 1000 once it is crossed."""
AGAIN = 8
"""A share that did not change is told after so many rounds all the same, or the portal forgets it."""

Tell = Callable[[dict[str, Any]], Awaitable[Any]]


class Numbers:
    """Counts of one desk."""

    def __init__(self) -> None:
        self.messages = 0
        self.filter_ns = 0
        self._told = [0, 0, 0, 0]
        self._share: int | None = None
        self._quiet = 0

    def filtered(self, nanoseconds: int) -> None:
        """A kernel's message went through the filter."""
        self.messages += 1
        self.filter_ns += nanoseconds

    async def run(self, budget: DisplayBudget, tell: Tell) -> None:
        """Tell for ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once(budget, tell)
            except (PortalAway, PortalRefused) as problem:
                log.info("the portal takes no numbers: %s", problem)
            except Exception:  # one round that went wrong must not be the last
                log.exception("numbers were not told")

    async def once(self, budget: DisplayBudget, tell: Tell) -> None:
        """Tell what was added. Raises `PortalAway` and `PortalRefused` with all of it kept."""
        now = [*budget.shown_since_start, self.messages, self.filter_ns // 1000]
        added = [min(LARGEST, after - before) for after, before in zip(now, self._told, strict=True)]
        share = min(LARGEST_SHARE, round(budget.share * 1000))
        self._quiet += 1
        if not any(added) and share == self._share and self._quiet < AGAIN:
            return
        names = ("shown_bytes", "shown_cells", "messages", "filter_us")
        await tell({**dict(zip(names, added, strict=True)), "budget_permille": share})
        self._told = [before + each for before, each in zip(self._told, added, strict=True)]
        self._share, self._quiet = share, 0
