"""Passing allowed calls on to Docker, from one unix socket to another."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientSession, ClientTimeout, UnixConnector, web

from hub_config import naming
from hub_config.docker_gate import calls, creation
from hub_config.docker_gate.refusals import FOLDER, REFUSED, Refusals
from hub_config.docker_gate.refused import Refused

log = logging.getLogger("carrel.docker_gate")

MAX_BODY = 256 * 1024
DOCKER = "http://docker"

ROLES = {"container": frozenset(creation.RULES), "network": {"network"}, "volume": {"sockets"}}
"""Which roles of each kind of thing a caller may name."""


class DockerGate:
    """An HTTP server that speaks the part of Docker's API in `calls`.

    Parameters
    ----------
    docker_socket
        The engine's own socket.
    guests
        The site's containers that may join a desk's network (the proxy and the hub), each with its
        alias there.
    """

    def __init__(self, site: creation.Site, docker_socket: str, guests: Mapping[str, str]):
        self.site = site
        self.docker_socket = docker_socket
        self.guests = guests
        self.refusals = Refusals(site.data.here / FOLDER)
        self.client: ClientSession | None = None

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self.handle)
        app.cleanup_ctx.append(self._with_client)
        return app

    async def _with_client(self, _app: web.Application) -> Any:
        # Hashing a large extract, stopping and waiting take as long as they take.
        timeout = ClientTimeout(total=None, sock_connect=10)
        async with ClientSession(connector=UnixConnector(self.docker_socket), timeout=timeout) as self.client:
            yield

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        if (request.method, request.rel_url.raw_path) == ("GET", REFUSED):
            return await self._refused(request)
        stage = "unknown-call"
        try:
            found = calls.find(request.method, request.rel_url.raw_path)
            if found is None:
                raise Refused("this call is not one that a site needs")
            call, match = found
            stage = "query"
            query = dict(request.query)
            if set(query) - call.query:
                names = ", ".join(sorted(set(query) - call.query))[:200]
                raise Refused(f"the query arguments {names} are not ones that a site needs")
            stage = "body"
            body = await self._body(request)
            if body is not None and not call.has_body:
                raise Refused("this call takes no body")
            if call.subject:
                stage = "not-the-sites"
                await self._own(call.subject, match["name"])
            stage = call.creates or call.note
            if call.note == "guest":
                self._only_a_guest(body)
            elif call.note == "list":
                query = self._listing(query)
            elif call.note == "stats":
                query = {"stream": "false", "one-shot": "true"}
            elif call.note == "image" and not match["image"].startswith(self.site.images):
                raise Refused(f"{match['image']} is not one of the site's images")
            if call.creates:
                body = await self._created(call.creates, body, query)
            return await self._forward(request, query, body)
        except Refused as refused:
            log.warning("refused %s %s: %s", request.method, request.rel_url.raw_path[:200], refused)
            if not refused.absent:
                reason = f"{stage}-damaged" if refused.status == 409 else stage
                await asyncio.to_thread(self.refusals.add, request.method, reason)
            return web.json_response({"message": str(refused)}, status=refused.status)

    async def _refused(self, request: web.Request) -> web.StreamResponse:
        """What was refused behind a number, for the audit trail."""
        after = request.query.get("after", "0")
        if set(request.query) - {"after"} or not (after.isascii() and after.isdigit() and len(after) <= 15):
            return web.json_response({"message": "after must be a number"}, status=400)
        return web.json_response(await asyncio.to_thread(self.refusals.after, int(after)))

    async def _body(self, request: web.Request) -> dict[str, Any] | None:
        content = await request.read()
        if not content:
            return None
        try:
            body = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Refused("the body is not JSON") from error
        if body is not None and not isinstance(body, dict):
            raise Refused("the body is not a JSON object")
        return body

    async def _created(self, kind: str, body: dict[str, Any] | None, query: dict[str, str]) -> dict[str, Any]:
        if body is None:
            raise Refused("the body is missing")
        if kind == "container":
            # Digests of the extracts are computed here: in a thread, since they take time.
            return await asyncio.to_thread(creation.container, body, query.get("name", ""), self.site)
        return (creation.network if kind == "network" else creation.volume)(body, self.site)

    async def _own(self, subject: str, name: str) -> None:
        """Refuse what is not the site's: other containers of the host do not exist for the caller."""
        assert self.client is not None
        place = {
            "container": f"/containers/{name}/json",
            "network": f"/networks/{name}",
            "volume": f"/volumes/{name}",
        }
        async with self.client.get(DOCKER + place[subject]) as answer:
            if answer.status == 404:
                raise Refused(f"No such {subject}: {name}", status=404, absent=True)
            found = await answer.json()
        labels = (found.get("Config", {}) if subject == "container" else found).get("Labels") or {}
        # The site's own services and networks carry other roles, and do not exist for a caller either.
        foreign = labels.get(naming.SITE_LABEL) != self.site.name
        if foreign or labels.get(naming.ROLE_LABEL) not in ROLES[subject]:
            raise Refused(f"No such {subject}: {name}", status=404)

    def _only_a_guest(self, body: dict[str, Any] | None) -> None:
        # Go reads keys in any case: one that is not known exactly may be another spelling of one that is.
        body = body or {}
        guest = body.get("Container")
        known = isinstance(guest, str) and guest in self.guests
        alias = {"Aliases": [self.guests[str(guest)]]} if known else None
        exact = not set(body) - {"Container", "EndpointConfig", "Force"}
        if not known or not exact or body.get("EndpointConfig") not in (None, {}, alias):
            raise Refused(f"only {' and '.join(self.guests)} may join or leave a desk's network")

    def _listing(self, query: dict[str, str]) -> dict[str, str]:
        """A list shows the site's own, whatever was asked."""
        try:
            filters = json.loads(query.get("filters") or "{}")
            labels = list(filters.get("label") or [])
        except (ValueError, AttributeError, TypeError, RecursionError) as error:
            raise Refused("filters is not a JSON object") from error
        own = {"label": [*labels, f"{naming.SITE_LABEL}={self.site.name}"]}
        return {"all": query.get("all", "0"), "filters": json.dumps(own)}

    async def _forward(
        self, request: web.Request, query: dict[str, str], body: dict[str, Any] | None
    ) -> web.StreamResponse:
        assert self.client is not None
        async with self.client.request(
            request.method, DOCKER + request.rel_url.raw_path, params=query, json=body
        ) as answer:
            response = web.StreamResponse(status=answer.status)
            for header in ("Content-Type", "Api-Version", "Ostype"):
                if header in answer.headers:
                    response.headers[header] = answer.headers[header]
            try:
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            except ConnectionResetError:
                log.debug("the caller of %s hung up", request.rel_url.raw_path[:200])
            return response
