"""Puts the guard before the handlers of a running jupyter_server."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyter_server.serverapp import ServerApp

from export_guard import desk_handlers, records
from export_guard.budget import DisplayBudget
from export_guard.desk import SETTING, Desk
from export_guard.headers import SecurityHeaders
from export_guard.limits import ExportGuard
from export_guard.policy import POLICY
from export_guard.portal_client import PortalClient
from export_guard.router import Guard
from export_guard.typed import TypedBudget


def load(serverapp: ServerApp) -> Guard:
    """Install the guard in the server's web application. Called before the server listens.

    Any failure ends the server: a desk without its guard must not come up.
    """
    try:
        app = serverapp.web_app
        limits = ExportGuard(parent=serverapp)
        budget, typed = DisplayBudget(parent=serverapp), TypedBudget(parent=serverapp)
        desk = Desk(limits, records.emitter(serverapp), budget, typed)
        desk.watch_budget()
        app.settings[SETTING] = desk
        contents: Any = serverapp.contents_manager  # ours, see desk_settings
        contents.budget, contents.typed_budget, contents.shown = desk.budget, desk.typed, desk.shown
        contents.report_strange = lambda size: desk.emitter.withheld(
            what="saved-output", reason="not-shown-here", size=size
        )
        app.add_handlers(".*$", desk_handlers.handlers(serverapp.base_url))
        guard = Guard(app, POLICY, limits, desk.emitter)
        guard.install()
        app.add_transform(SecurityHeaders)
    except Exception as problem:
        serverapp.log.critical("The guard could not be installed, so the desk stops: %s", problem)
        raise SystemExit(1) from problem
    serverapp.log.info("The guard stands before %d named routes", len(POLICY.routes))
    return guard


async def start(serverapp: ServerApp) -> None:
    """What the running server does first: take over the kernels of a desk that was here before."""
    settings = serverapp.web_app.settings
    settings["carrel_sender"] = records.start(serverapp, settings[SETTING].emitter)
    portal, desk = PortalClient(parent=serverapp), settings[SETTING]
    for name, work in (
        ("sessions", desk.sessions.run(portal.sessions)),
        ("numbers", desk.numbers.run(desk.budget, portal.numbers)),
    ):
        settings[f"carrel_{name}"] = asyncio.get_running_loop().create_task(work, name=name)
    attached = getattr(serverapp.kernel_manager, "attached", None)
    if attached is not None:  # a server without an engine, as in the guard's own tests, has none
        await attached()
