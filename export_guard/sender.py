"""Takes events from the spool to the portal, for as long as the desk runs.

A file of the spool is dropped when the portal has answered for its every line. A desk that is killed
before sends lines again; the portal knows them by their ids.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from export_guard.limits import KIB
from export_guard.portal_client import PortalAway, PortalRefused
from export_guard.recorder import Recorder

log = logging.getLogger("export_guard.sender")

EVERY = 1.0
"""Seconds between two looks at the spool."""
LONGEST_PAUSE = 60.0
MOST_LINES = 200
LARGEST_BATCH = 128 * KIB
NEVER = frozenset({400, 413, 415, 422})
"""Statuses that say the batch itself is wrong; any other may be over in a while."""


class Sender:
    """Sends what ``recorder``'s spool holds with ``send``, which raises as `PortalClient` does."""

    def __init__(self, recorder: Recorder, send: Callable[[bytes], Awaitable[dict[str, Any]]]) -> None:
        self.recorder, self.spool, self.send = recorder, recorder.spool, send
        self.failures = 0

    async def run(self) -> None:
        """Send for ever."""
        while True:
            await asyncio.sleep(self._pause())
            try:
                await self.once()
            except (PortalAway, PortalRefused) as problem:
                self.failures += 1
                if self.failures == 1:
                    log.warning("the portal takes no events, they are kept: %s", problem)
            except Exception:  # events must go on being sent whatever one round ran into
                self.failures += 1
                log.exception("events were not sent")
            else:
                self.failures = 0

    def _pause(self) -> float:
        if not self.failures:
            return EVERY
        pause = min(LONGEST_PAUSE, EVERY * 2**self.failures) if self.failures < 10 else LONGEST_PAUSE
        return pause * random.uniform(0.5, 1)  # noqa: S311 (desks must only not all come at once)

    async def once(self) -> None:
        """Send all that is there. Raises `PortalAway` and `PortalRefused` with the rest kept."""
        self.recorder.flush()
        for segment in await asyncio.to_thread(self.spool.waiting):
            for batch in await asyncio.to_thread(lambda path: list(_batches(path)), segment):
                await self._batch(batch)
            await asyncio.to_thread(self.spool.drop, segment)

    async def _batch(self, lines: list[bytes]) -> None:
        try:
            answer = await self.send(b"".join(line + b"\n" for line in lines))
        except PortalRefused as refused:
            if refused.status not in NEVER:
                raise
            if len(lines) == 1:
                self.spool.put_aside(lines[0])
                return
            half = len(lines) // 2
            await self._batch(lines[:half])
            await self._batch(lines[half:])
            return
        told = answer.get("refused")
        if not isinstance(told, dict) or "stored" not in answer:
            raise PortalAway("the answer is not the portal's")
        for position in told:
            if position.isdigit() and int(position) < len(lines):
                self.spool.put_aside(lines[int(position)])


def _batches(segment: Path) -> Iterator[list[bytes]]:
    """The whole lines of a file, a batch at a time. Half a line is none: nobody was told it was kept."""
    batch: list[bytes] = []
    size = 0
    for line in segment.read_bytes().split(b"\n"):
        if not _whole(line):
            continue
        if batch and (len(batch) >= MOST_LINES or size + len(line) > LARGEST_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    if batch:
        yield batch


def _whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
