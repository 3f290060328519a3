"""The policy's vocabulary: what a rule of the table says about a request, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tornado.httputil import HTTPHeaders, HTTPServerRequest

    from export_guard.limits import ExportGuard


class Decision(StrEnum):
    """What happens to a request: served, refused, or served after being narrowed."""

    ALLOW = "allow"
    DENY = "deny"
    FILTER = "filter"


@dataclass(frozen=True)
class Facts:
    """Everything that a condition may look at. ``body`` is None until the request is complete."""

    method: str
    arguments: Mapping[str, list[str]]
    path_arguments: tuple[str, ...]
    headers: HTTPHeaders
    limits: ExportGuard
    body: bytes | None = None


# A condition returns None when the request meets it, otherwise the id of the reason to refuse it.
Condition = Callable[[Facts], str | None]
Narrowing = Callable[["HTTPServerRequest"], None]


@dataclass(frozen=True)
class Verdict:
    """The policy's answer for one method of one route.

    ``head`` conditions are asked when the request line and headers are there, ``body`` conditions
    when the body is. ``body_limit`` names the trait of ``ExportGuard`` that caps the body, in bytes.
    ``recorded`` says whether a refusal by this verdict itself makes an event; a failed condition
    always does.
    """

    decision: Decision
    reason: str = ""
    recorded: bool = False
    head: tuple[Condition, ...] = ()
    body: tuple[Condition, ...] = ()
    body_limit: str = "message_bytes"
    narrow: Narrowing | None = None


@dataclass(frozen=True)
class Route:
    """One rule of the desk's server, as the table names it.

    ``pattern`` is the tornado rule's own pattern without the server's base URL and the closing
    ``$``. ``handler`` is the full name of the class that serves it: a rule with a known pattern and
    another handler is not this route. ``cacheable`` keeps the server's caching headers.
    """

    pattern: str
    handler: str
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    cacheable: bool = False

    @property
    def owner(self) -> str:
        """The part that owns the route: the handler's top-level package."""
        return self.handler.partition(".")[0]

    def verdict(self, method: str) -> Verdict:
        """The verdict for ``method``; a method that the table does not name is refused."""
        return self.verdicts.get(method) or self.verdicts.get("*") or METHOD_NOT_NAMED


METHOD_NOT_NAMED = Verdict(Decision.DENY, "method", recorded=True)
ROUTE_NOT_NAMED = Verdict(Decision.DENY, "unnamed", recorded=True)


class Policy:
    """The table, ready to be asked. Raises ValueError when two rows name the same rule."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes: dict[tuple[str, str], Route] = {}
        for route in routes:
            if (route.pattern, route.handler) in self.routes:
                raise ValueError(f"the policy names {route.pattern} ({route.handler}) twice")
            self.routes[route.pattern, route.handler] = route

    def route(self, pattern: str, handler: str) -> Route | None:
        """The row for a rule, or None when the table does not name it."""
        return self.routes.get((pattern, handler))
