"""The one place where the policy is enforced: between tornado's routing and every handler.

Tornado asks the application for a handler when a request's headers are there. The guard walks the
same rules in the same order, keeps the rule that matched, asks the policy about that rule, and only
then builds its handler. Nothing is compared with the path a second time, so encodings, double slashes
and case cannot make the policy and the server see different routes, and a rule that an extension
adds later is found (and refused) like any other.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from inspect import isclass
from typing import Any

from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.routing import PathMatches, Rule, RuleRouter
from tornado.web import Application, RequestHandler

import locales
from export_guard.conditions import ALWAYS
from export_guard.contents.problems import asked_language
from export_guard.denied import DeniedHandler
from export_guard.events import Emitter
from export_guard.headers import CACHEABLE
from export_guard.limits import ExportGuard
from export_guard.verdicts import ROUTE_NOT_NAMED, Decision, Facts, Policy, Verdict

NO_RULE = "(none)"


@dataclass(frozen=True)
class Match:
    """The rule that takes a request, with what tornado would hand to its handler."""

    rule: Rule
    parameters: dict[str, Any]


def match(router: RuleRouter, request: HTTPServerRequest) -> Match | None:
    """The first rule that takes ``request``, in tornado's own order (`RuleRouter.find_handler`)."""
    for rule in router.rules:
        parameters = rule.matcher.match(request)
        if parameters is None:
            continue
        if isinstance(rule.target, RuleRouter):
            found = match(rule.target, request)
            if found is not None:
                return found
            continue
        if rule.target_kwargs:
            parameters["target_kwargs"] = rule.target_kwargs
        return Match(rule, parameters)
    return None


def pattern_of(rule: Rule, base_url: str) -> str:
    """The rule's pattern as the table writes it: without base URL and closing ``$``.

    A rule outside the base URL is marked with a leading ``^``; one that does not match paths has
    the name of its matcher.
    """
    if not isinstance(rule.matcher, PathMatches):
        return f"<{type(rule.matcher).__name__}>"
    pattern: str = rule.matcher.regex.pattern.removesuffix("$")
    base = base_url.rstrip("/")
    # jupyter_server writes the base URL as it is, tornado's static rules escape it.
    for prefix in (base, re.escape(base)):
        if pattern.startswith(prefix + "/"):
            return pattern[len(prefix) :]
    return "^" + pattern


def handler_of(rule: Rule) -> str:
    """The full name of the class that serves the rule."""
    target = rule.target if isclass(rule.target) else type(rule.target)
    return f"{target.__module__}.{target.__qualname__}"


class Guard:
    """Asks the policy about each request of one application."""

    def __init__(self, app: Application, policy: Policy, limits: ExportGuard, emitter: Emitter) -> None:
        self.app = app
        self.policy = policy
        self.limits = limits
        self.emitter = emitter
        self.base_url: str = app.settings.get("base_url", "/")

    def install(self) -> None:
        """Take the place of the application's own routing, for good."""
        self.app.find_handler = self.find_handler  # type: ignore[method-assign,assignment]

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> HTTPMessageDelegate:
        """What `Application.find_handler` returns, behind the policy."""
        found = match(self.app.default_router, request)
        if found is None:
            return GuardedRequest(self, request, NO_RULE, ROUTE_NOT_NAMED, None)
        pattern = pattern_of(found.rule, self.base_url)
        route = self.policy.route(pattern, handler_of(found.rule))
        # Whatever is no handler class (a callable, a foreign router) decides on its own: never named.
        if (
            route is None
            or not isclass(found.rule.target)
            or not issubclass(found.rule.target, RequestHandler)
        ):
            return GuardedRequest(self, request, pattern, ROUTE_NOT_NAMED, None)
        setattr(request, CACHEABLE, route.cacheable)
        return GuardedRequest(self, request, pattern, route.verdict(request.method or ""), found)

    def delegate(self, request: HTTPServerRequest, found: Match) -> HTTPMessageDelegate:
        """The delegate that tornado itself would have built for the match."""
        return self.app.get_handler_delegate(request, found.rule.target, **found.parameters)

    def refusal(self, request: HTTPServerRequest, reason: str) -> HTTPMessageDelegate:
        """A delegate that answers 403 with ``reason``."""
        return self.app.get_handler_delegate(request, DeniedHandler, {"reason": reason})


class GuardedRequest(HTTPMessageDelegate):
    """One request on its way: decided on its head, then on its body, then served or refused.

    The body is kept only while the request may still be served, and never past the verdict's limit.
    """

    def __init__(
        self, guard: Guard, request: HTTPServerRequest, pattern: str, verdict: Verdict, found: Match | None
    ) -> None:
        self.guard = guard
        self.request = request
        self.pattern = pattern
        self.verdict = verdict
        self.found = found
        self.limit: int = getattr(guard.limits, verdict.body_limit)
        self.reason: str | None = None
        self.recorded = True
        self.chunks = bytearray()
        self.received = 0
        self.closed = False

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        self.start_line = start_line
        self.reason = self._head_reason()
        return None

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        self.received += len(chunk)
        if self.reason is None and self.received > self.limit:
            self.reason = "too-large"
        if self.reason is None:
            self.chunks += chunk
        else:
            self.chunks.clear()
        return None

    def finish(self) -> None:
        if self.closed:
            return
        facts = self._facts(bytes(self.chunks))
        if self.reason is None:
            self.reason = next(filter(None, (check(facts) for check in self.verdict.body)), None)
        if self.reason is None:
            assert self.found is not None
            if self.verdict.narrow is not None:
                self.verdict.narrow(self.request)
            asked_language.set(locales.choose(self.request.headers.get("Accept-Language")))
            delegate = self.guard.delegate(self.request, self.found)
            delegate.headers_received(self.start_line, self.request.headers)
            if self.chunks:
                delegate.data_received(bytes(self.chunks))
        else:
            if self.recorded:
                self._record()
            delegate = self.guard.refusal(self.request, self.reason)
            delegate.headers_received(self.start_line, self.request.headers)
        self.closed = True
        self.chunks.clear()
        delegate.finish()

    def on_connection_close(self) -> None:
        """The client left before its request was whole: a refusal is still recorded."""
        self.chunks.clear()
        if not self.closed and self.reason is not None and self.recorded:
            self._record()
        self.closed = True

    def _head_reason(self) -> str | None:
        if self.guard.emitter.full:
            return "records-full"
        if self.verdict.decision is Decision.DENY:
            self.recorded = self.verdict.recorded
            return self.verdict.reason
        # A handler that takes its body in a stream would run before the body is decided on.
        assert self.found is not None
        if getattr(self.found.rule.target, "_stream_request_body", False):
            return "unnamed"
        facts = self._facts(None)
        for check in (*ALWAYS, *self.verdict.head):
            reason = check(facts)
            if reason is not None:
                return reason
        return "too-large" if _announced(self.request.headers) > self.limit else None

    def _facts(self, body: bytes | None) -> Facts:
        arguments = {
            name: [value.decode("utf-8", "replace") for value in values]
            for name, values in self.request.query_arguments.items()
        }
        path: list[bytes | None] = []
        if self.found is not None:
            path += self.found.parameters.get("path_args", [])
            path += self.found.parameters.get("path_kwargs", {}).values()
        return Facts(
            method=self.request.method or "",
            arguments=arguments,
            path_arguments=tuple((part or b"").decode("utf-8", "replace") for part in path),
            headers=self.request.headers,
            limits=self.guard.limits,
            body=body,
        )

    def _record(self) -> None:
        assert self.reason is not None
        self.guard.emitter.denial(
            route=self.pattern,
            method=self.request.method or "",
            reason=self.reason,
            size=max(self.received, _announced(self.request.headers)),
        )


def _announced(headers: HTTPHeaders) -> int:
    """The body size that a request announces, in bytes; 0 when it announces none."""
    value = headers.get("Content-Length", "")
    return int(value) if value.isascii() and value.isdigit() else 0
