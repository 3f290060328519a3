"""The portal's application on a registry of its own, before a hub that says what the test wants."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
from sqlalchemy import Engine
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from export_guard.airlock.store import Store
from hub_config.portal import PREFIX
from hub_config.portal.application import hub_auth, make_application
from provisioning.audit.reading import records
from provisioning.registry import database
from provisioning.registry.models import AuditRecord, ReleaseRequest
from provisioning.registry.releases import requests


def token_of(user: str, project: str) -> str:
    """The token of a desk, as the site's hub knows it."""
    return f"desk-token-of-{user}-in-{project}".ljust(32, "x")


def desk_model(user: str = "li-wei", project: str = "heart", **changes: Any) -> dict[str, Any]:
    """What JupyterHub 6.1 answers for the token of a desk (seen in test_airlock_desk_identity)."""
    scopes = [f"access:servers!server={user}/{project}", f"users:activity!user={user}"]
    scopes += [f"read:users:{what}!user={user}" for what in ("activity", "groups", "name")]
    model = {"name": user, "kind": "user", "admin": False, "groups": ["analyst"], "session_id": None}
    return {**model, "scopes": sorted(scopes), **changes}


@dataclass
class Hub:
    """Answers who a token is; ``away`` answers nothing of use."""

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    away: bool = False
    asked: int = 0


class WhoIs(RequestHandler):
    def initialize(self, hub: Hub) -> None:
        self.hub = hub

    def get(self) -> None:
        self.hub.asked += 1
        token = self.request.headers.get("Authorization", "").removeprefix("token ")
        if self.hub.away:
            self.send_error(503)
        elif token not in self.hub.models:
            self.send_error(403)
        else:
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(self.hub.models[token]))


class NoRuns:
    def wake(self) -> None: ...

    async def cancel(self, run_id: str) -> None: ...


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def line(self) -> str:
        return str(self.json["message"])


class Portal:
    """A listening portal; `ask` goes as a desk unless a token is given."""

    def __init__(self, url: str, registry: Engine, hub: Hub, data: Path) -> None:
        self.url, self.registry, self.hub, self.store = url, registry, hub, Store(data / "airlock")
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def ask(self, method: str, path: str, token: str | None = "", **values: Any) -> Answer:
        headers = values.pop("headers", {})
        if token is not None:
            headers = {"Authorization": f"token {token or token_of('li-wei', 'heart')}"} | headers
        async with self.session.request(
            method, f"{self.url}api/{path}", headers=headers, allow_redirects=False, **values
        ) as response:
            return Answer(response.status, response.headers.copy(), await response.read())

    async def bring(self, content: bytes, token: str = "", **values: Any) -> Answer:
        return await self.ask("PUT", f"desk/files/{digest(content)}", token, data=content, **values)

    async def brought(self, content: bytes, path: str, token: str = "") -> dict[str, str]:
        """A file as a release request names it."""
        answer = await self.bring(content, token)
        assert answer.status == 201, answer.body
        return {"path": path, "sha256": digest(content), "receipt": answer.json["receipt"]}

    async def release(self, files: object, token: str = "", **changes: Any) -> Answer:
        body = {"files": files, "purpose": "A figure for the paper", "recipient": "Li Wei", **changes}
        return await self.ask("POST", "desk/releases", token, json=body)

    def requests(self) -> tuple[ReleaseRequest, ...]:
        with database.sessions(self.registry)() as session:
            return requests(session)

    def events(self, **which: Any) -> list[AuditRecord]:
        """The oldest first; what the test itself put into the registry is not among them."""
        with database.sessions(self.registry)() as session:
            found = reversed(records(session, limit=100_000, **which))
            return [each for each in found if each.source != "command"]

    def stored(self) -> list[str]:
        """Every file below the store, half-written ones too."""
        root = self.store.root
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def line(**fields: object) -> bytes:
    """An event as a desk reports it."""
    event = {"id": uuid4().hex, "time": "2026-01-02T03:04:05.678+00:00", "kind": "denied", **fields}
    return json.dumps(event).encode()


async def report(portal: Portal, *lines: bytes, token: str = ""):
    """Report the events ``lines`` as the desk of ``token``; the answer."""
    headers = {"Content-Type": "application/x-ndjson"}
    return await portal.ask(
        "POST", "desk/events", token, data=b"".join(each + b"\n" for each in lines), headers=headers
    )


async def start_portal(registry: Engine, data: Path) -> AsyncIterator[Portal]:
    """For a fixture: a portal until the test is over."""
    hub = Hub({token_of(*desk): desk_model(*desk) for desk in (("li-wei", "heart"), ("ma-chao", "lung"))})
    hub_socket, hub_port = bind_unused_port()
    portal_socket, port = bind_unused_port()
    hub_server = HTTPServer(Application([("/hub/api/user", WhoIs, {"hub": hub})]))
    auth = hub_auth("service-token", f"http://127.0.0.1:{hub_port}/hub/api")
    auth.cache.max_age = 1e-9  # what the hub says, it says now; 0 would be for ever
    server = HTTPServer(make_application(registry, auth, NoRuns()), max_body_size=1024 * 1024)
    hub_server.add_sockets([hub_socket])
    server.add_sockets([portal_socket])
    made = Portal(f"http://127.0.0.1:{port}{PREFIX}", registry, hub, data)
    yield made
    await made.session.close()
    for each in (server, hub_server):
        each.stop()
        await each.close_all_connections()
