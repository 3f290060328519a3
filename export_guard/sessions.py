"""The sessions of the desk's person: whether they do something here, and the end of what is over.

A session is a browser's in which somebody signed in at the hub. The desk tells the portal in which ones
its person acted (typed to a kernel, saved), and is told which are over. Their windows are shut then and
refused from then on, whatever the desk remembers of the hub's answers.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakSet

from export_guard.portal_client import PortalAway, PortalRefused

log = logging.getLogger("export_guard.sessions")

EVERY = 20.0
"""Seconds between two looks."""
MOST = 100
OVER = 4001
"""The websocket's closing code (RFC 6455, 7.4.2: private use)."""

Tell = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def key_of(user: Any) -> str | None:
    """What the registry keeps the session of ``user`` under; None for somebody without one."""
    session_id = (getattr(user, "hub_user", None) or {}).get("session_id")
    return hashlib.sha256(str(session_id).encode()).hexdigest() if session_id else None


class Sessions:
    """Who is at this desk, in which sessions."""

    def __init__(self) -> None:
        self._acted: set[str] = set()
        self._windows: dict[str, WeakSet[Any]] = {}
        self._over: dict[str, str] = {}

    def acted(self, user: Any) -> None:
        """The person did something that no page does by itself."""
        key = key_of(user)
        if key is not None and len(self._acted) < MOST:
            self._acted.add(key)

    def opened(self, user: Any, window: Any) -> None:
        """A window (with `close`) is open in the person's session."""
        key = key_of(user)
        if key is not None:
            self._windows.setdefault(key, WeakSet()).add(window)

    def is_over(self, user: Any) -> bool:
        """Whether the portal said that this session is over."""
        return key_of(user) in self._over

    async def run(self, tell: Tell) -> None:
        """Tell and be told for ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once(tell)
            except (PortalAway, PortalRefused) as problem:
                log.warning("the portal takes no news of sessions: %s", problem)
            except Exception:  # one round that went wrong must not be the last
                log.exception("sessions were not looked at")

    async def once(self, tell: Tell) -> None:
        """Tell who acted, and shut what is over. Raises `PortalAway` and `PortalRefused`."""
        acted, self._acted = self._acted, set()
        self._windows = {key: windows for key, windows in self._windows.items() if windows}
        there = sorted(self._windows)[:MOST]
        if not acted and not there:
            return
        try:
            answer = await tell({"acted": sorted(acted), "open": there})
        except Exception:
            self._acted |= acted
            raise
        over = answer.get("over")
        for key, reason in (over if isinstance(over, dict) else {}).items():
            self._end(str(key), str(reason))

    def _end(self, key: str, reason: str) -> None:
        if len(self._over) > 1000:
            self._over.clear()
        self._over[key] = reason
        for window in list(self._windows.pop(key, ())):
            window.close(OVER, "signed out")
