"""The live server's rules against the policy table: ``python -m export_guard.routes``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import isclass
from typing import TYPE_CHECKING

from jupyterhub.singleuser.extension import JupyterHubSingleUser
from tornado.routing import RuleRouter
from tornado.web import Application
from tornado.websocket import WebSocketHandler

from export_guard.policy import POLICY
from export_guard.router import handler_of, pattern_of
from export_guard.verdicts import Policy, Route

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


@dataclass(frozen=True)
class LiveRule:
    """A rule of a running application: what serves it, and whether that speaks websocket."""

    pattern: str
    handler: str
    websocket: bool


def live_rules(app: Application) -> list[LiveRule]:
    """Every rule of ``app``, in the order tornado tries them, nested routers included."""
    return list(_walk(app.default_router, app.settings.get("base_url", "/")))


def unnamed(app: Application, policy: Policy = POLICY) -> list[LiveRule]:
    """The rules of ``app`` that ``policy`` does not name. They are refused."""
    return [rule for rule in live_rules(app) if policy.route(rule.pattern, rule.handler) is None]


def stale(app: Application, policy: Policy = POLICY) -> list[Route]:
    """The rows of ``policy`` that no rule of ``app`` answers to any more."""
    present = {(rule.pattern, rule.handler) for rule in live_rules(app)}
    return [route for key, route in policy.routes.items() if key not in present]


def _walk(router: RuleRouter, base_url: str) -> Iterator[LiveRule]:
    for rule in router.rules:
        if isinstance(rule.target, RuleRouter):
            yield from _walk(rule.target, base_url)
        else:
            websocket = isclass(rule.target) and issubclass(rule.target, WebSocketHandler)
            yield LiveRule(pattern_of(rule, base_url), handler_of(rule), websocket)


def boot() -> ServerApp:
    """The configured desk's server, initialized as under the hub but without one, and not listening."""
    for name, value in {
        "JUPYTERHUB_API_TOKEN": "unused",
        "JUPYTERHUB_CLIENT_ID": "unused",
        "JUPYTERHUB_SERVICE_PREFIX": "/user/nobody/routes/",
        "JUPYTERHUB_SERVICE_URL": "http://127.0.0.1:0",
    }.items():
        os.environ.setdefault(name, value)

    async def no_hub_here(self: JupyterHubSingleUser) -> None:
        """The version check is the only step of booting that asks the hub."""

    JupyterHubSingleUser.check_hub_version = no_hub_here
    server = JupyterHubSingleUser.make_serverapp(
        jpserver_extensions={JupyterHubSingleUser.get_extension_package(): True}
    )
    server.initialize(
        argv=["--allow-root"], starter_extension=JupyterHubSingleUser.name, new_httpserver=False
    )
    return server


def decisions(rule: LiveRule, policy: Policy = POLICY) -> str:
    """One line's worth of what ``policy`` says about ``rule``."""
    route = policy.route(rule.pattern, rule.handler)
    if route is None:
        return "NOT NAMED: denied"
    parts = []
    for method, verdict in route.verdicts.items():
        checks = [check.__name__ for check in (*verdict.head, *verdict.body)]
        parts.append(" ".join(filter(None, [method, verdict.decision, verdict.reason, ",".join(checks)])))
    return "; ".join(parts)


def main() -> int:
    """Print every rule with its decision. Returns 1 when a rule is not named, 0 otherwise."""
    app = boot().web_app
    for rule in live_rules(app):
        kind = "ws  " if rule.websocket else "http"
        print(f"{kind} {rule.pattern}  [{rule.handler}]  {decisions(rule)}")
    for route in stale(app):
        print(f"warning: {route.pattern} ({route.handler}) is named but not there", file=sys.stderr)
    missing = unnamed(app)
    for rule in missing:
        print(
            f"not named: {rule.pattern} ({rule.handler}); add it to export_guard/policy.py", file=sys.stderr
        )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
