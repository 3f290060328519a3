"""Sign-ins between their steps. They are nobody's session yet, and open nothing but the next step.

Kept in the hub's memory: the browser holds a random number alone, and a restart of the hub begins them anew.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LASTS = 600.0
"""Seconds that a person may take for the steps."""
MOST = 10_000
TRIES = 10
"""Codes or passwords that may be tried at one step."""


@dataclass
class Pending:
    """Somebody who proved a part of who they are."""

    account: str
    next: str
    """Where to go afterwards, as the browser asked: still to be checked."""
    code: bool = False
    """Whether a one-time code is still to be given (an identity provider said who it is)."""
    enrol: bool = False
    change: bool = False
    secret: str = ""
    """The new second factor, until a code confirms it."""
    until: float = 0.0
    tries: int = 0


@dataclass
class Waiting:
    """All sign-ins between steps."""

    clock: Callable[[], float] = time.monotonic
    _by_token: dict[str, Pending] = field(default_factory=dict)

    def add(self, pending: Pending) -> str:
        """Keep it; returns the token for the browser's cookie."""
        now = self.clock()
        for token in [token for token, each in self._by_token.items() if each.until <= now]:
            del self._by_token[token]
        while len(self._by_token) >= MOST:
            del self._by_token[next(iter(self._by_token))]
        token = secrets.token_urlsafe(32)
        pending.until = now + LASTS
        self._by_token[token] = pending
        return token

    def find(self, token: str | None) -> Pending | None:
        """The sign-in of that token, if its time is not over."""
        pending = self._by_token.get(token or "")
        return pending if pending is not None and pending.until > self.clock() else None

    def drop(self, token: str | None) -> None:
        """Forget it."""
        self._by_token.pop(token or "", None)

    def tried(self, token: str, pending: Pending) -> bool:
        """Count a try that was wrong; returns whether more are left."""
        pending.tries += 1
        if pending.tries >= TRIES:
            self.drop(token)
            return False
        return True
