"""One structured event for each thing that a desk stops or does: who, which project, why; never content.

Events go to the spool, from where the portal gets them, and as JSON lines to standard error, where
the container's log collects them.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from export_guard.recorder import OTHER, Recorder

LOGGER = "export_guard.events"
CLIPBOARD = frozenset({"copy-blocked", "paste-blocked", "drop-blocked"})
"""The kinds that a browser may report."""

# What the registry takes (`provisioning.registry.events`, which no desk has).
_LARGEST = 2**53
_REASON = re.compile(r"[a-z][a-z0-9-]{0,39}")
_WHAT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+/_-]{0,63}")
_NO_METHOD = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_NO_ROUTE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Emitter:
    """Writes events of one desk. ``environment`` names its owner and project.

    The owner is the desk's: the guard decides before anyone is authenticated. Without a ``recorder``
    events go to standard error only.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ, recorder: Recorder | None = None) -> None:
        self.user = environment.get("JUPYTERHUB_USER", "")
        self.project = environment.get("CARREL_PROJECT") or environment.get("JUPYTERHUB_SERVER_NAME", "")
        self.logger = _logger()
        self.recorder = recorder

    @property
    def full(self) -> bool:
        """Whether events cannot be kept now: then nothing more may be served or shown."""
        return self.recorder is not None and self.recorder.full

    def denial(self, *, route: str, method: str, reason: str, size: int) -> None:
        """Record a refused request. ``route`` is the rule's pattern, not the path that was asked for.

        ``method`` comes from the request line and is cut to 16 characters. ``size`` is the number of
        body bytes announced or received, whichever is larger.
        """
        self._write("denied", route=route, method=method[:16], reason=reason, size=size)

    def withheld(self, *, what: str, reason: str, size: int) -> None:
        """Record an output, or a message, that did not pass; ``what`` is its media or message type."""
        self._write("withheld", what=what[:64], reason=reason, size=size)

    def budget(self, *, level: str, size: int, cells: int) -> None:
        """Record that the display budget is nearly (``warning``) or all (``spent``) spent."""
        kind = "budget-crossed" if level == "spent" else "budget-warning"
        self._write(kind, reason=level, size=size, cells=cells)

    def release_asked(self, *, id: str, number: int, count: int, size: int) -> None:
        """Record a release request; the portal has the same event by the request's own ``id``."""
        self._write("release-asked", id, number=number, count=count, size=size)

    def clipboard(self, *, kind: str, size: int) -> None:
        """Record what a browser stopped at the clipboard. Raises ValueError for another kind."""
        if kind not in CLIPBOARD:
            raise ValueError(kind)
        self._write(kind, size=size)

    def desk(self, *, kind: str) -> None:
        """Record that the desk's server started or stopped (``desk-started``, ``desk-stopped``)."""
        self._write(kind)

    def visitor(self, *, name: str, admitted: bool) -> None:
        """Record that somebody other than the desk's owner came to it; ``name`` is the hub's for them."""
        self._write("visitor-admitted" if admitted else "visitor-refused", what=name[:64] or OTHER)

    def _write(self, event: str, id: str | None = None, **fields: Any) -> None:
        line = {"event": event, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        line |= {"user": self.user, "project": self.project}
        self.logger.info(json.dumps(line | fields, ensure_ascii=False))
        if self.recorder is not None:
            self.recorder.add(event, {name: _fitting(name, value) for name, value in fields.items()}, id)


def _fitting(name: str, value: Any) -> Any:
    """``value`` as the registry takes it: an event must never be refused for what a kernel sent."""
    if name == "reason":
        return value if _REASON.fullmatch(value) else OTHER
    if name == "what":
        return value if _WHAT.fullmatch(value) else OTHER
    if name == "method":
        return _NO_METHOD.sub("-", value) or "-"
    if name == "route":
        return _NO_ROUTE.sub("-", value)[:200] or "-"
    return max(0, min(int(value), _LARGEST))


def _logger() -> logging.Logger:
    """The events' own logger: its lines are whole JSON objects, so no other formatter may wrap them."""
    logger = logging.getLogger(LOGGER)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    return logger
