"""One structured event for each refusal: who, which project, which route, why; never content.

Events are JSON lines on standard error, where the container's log collects them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

LOGGER = "export_guard.events"


@dataclass(frozen=True)
class Denial:
    """A refused request. ``route`` is the rule's pattern, not the path that was asked for.

    ``user`` is the desk's owner: the guard decides before anyone is authenticated.
    ``size`` is the number of body bytes announced or received, whichever is larger.
    """

    user: str
    project: str
    route: str
    method: str
    reason: str
    size: int


class Emitter:
    """Writes events of one desk. ``environment`` names its owner and project."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self.user = environment.get("JUPYTERHUB_USER", "")
        self.project = environment.get("CARREL_PROJECT") or environment.get("JUPYTERHUB_SERVER_NAME", "")
        self.logger = _logger()

    def denial(self, *, route: str, method: str, reason: str, size: int) -> None:
        """Record one refusal. ``method`` comes from the request line and is cut to 16 characters."""
        event = Denial(self.user, self.project, route, method[:16], reason, size)
        line = {"event": "denied", "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        self.logger.info(json.dumps(line | asdict(event), ensure_ascii=False))

    def withheld(self, *, what: str, reason: str, size: int) -> None:
        """Record an output, or a message, that did not pass; ``what`` is its media or message type."""
        self._write("withheld", what=what[:64], reason=reason, size=size)

    def budget(self, *, level: str, size: int, cells: int) -> None:
        """Record that the display budget is nearly (``warning``) or all (``spent``) spent."""
        kind = "budget-crossed" if level == "spent" else "budget-warning"
        self._write(kind, reason=level, size=size, cells=cells)

    def _write(self, event: str, **fields: object) -> None:
        line = {"event": event, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        line |= {"user": self.user, "project": self.project}
        self.logger.info(json.dumps(line | fields, ensure_ascii=False))


def _logger() -> logging.Logger:
    """The events' own logger: its lines are whole JSON objects, so no other formatter may wrap them."""
    logger = logging.getLogger(LOGGER)
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    return logger
