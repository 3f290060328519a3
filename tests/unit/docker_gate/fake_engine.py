"""A small Docker engine on a unix socket, which remembers what reached it; and plain HTTP to a socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web


@dataclass(frozen=True)
class Call:
    """A call as the engine got it; ``path`` undecoded."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeEngine:
    """Containers, networks and volumes by name, as `inspect` shows them, and images by tag."""

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    images: set[str] = field(default_factory=set)
    busy_subnets: set[str] = field(default_factory=set)
    reached: list[Call] = field(default_factory=list)
    log_lines: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def changes(self) -> list[Call]:
        """The calls that are more than a look at one thing."""
        look = re.compile(r"(/v1\.\d+)?/(containers/[^/]+/json|networks/[^/]+|volumes/[^/]+)")
        return [call for call in self.reached if call.method != "GET" or not look.fullmatch(call.path)]

    def add(self, kind: str, name: str, labels: dict[str, str] | None, **more: Any) -> None:
        """Put something there that nobody asked this engine for."""
        shown = {"Id": f"id-of-{name}", "Name": name, **more}
        if kind == "containers":
            shown |= {"Config": {"Labels": labels}, "State": {"Running": True}}
        else:
            shown["Labels"] = labels
        getattr(self, kind)[name] = shown

    def application(self) -> web.Application:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        path = request.rel_url.raw_path
        body = json.loads(content) if content else None
        call = Call(request.method, path, dict(request.query), body, dict(request.headers))
        self.reached.append(call)
        words = re.sub(r"^/v1\.\d+", "", path).strip("/").split("/")
        method = getattr(self, "_".join(["on", request.method.lower(), words[0]]), None)
        if method is None:
            return web.json_response({"reached": True})
        return await method(request, words[1:], body)

    async def on_get__ping(self, *_: Any) -> web.Response:
        return web.Response(text="OK", headers={"Api-Version": "1.41", "Ostype": "linux", "Server": "Docker"})

    on_head__ping = on_get__ping

    async def on_get_version(self, *_: Any) -> web.Response:
        return web.json_response({"ApiVersion": "1.41", "Version": "20.10.24"})

    async def on_get_images(self, _: Any, words: list[str], __: Any) -> web.Response:
        name = "/".join(words[:-1])
        return web.json_response({"Id": f"sha256:{name}"}) if name in self.images else missing("image", name)

    async def on_get_containers(self, request: web.Request, words: list[str], _: Any) -> web.StreamResponse:
        if words == ["json"]:
            wanted = json.loads(request.query.get("filters", "{}")).get("label", [])
            return web.json_response(
                [
                    {"Names": [f"/{name}"], "Labels": shown["Config"]["Labels"]}
                    for name, shown in self.containers.items()
                    if all(
                        (shown["Config"]["Labels"] or {}).get(w.split("=")[0]) == w.split("=")[1]
                        for w in wanted
                    )
                ]
            )
        found = self.find(self.containers, words[0])
        if found is None:
            return missing("container", words[0])
        if words[1] == "logs":
            return await self._stream(request)
        return web.json_response(found)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/vnd.docker.raw-stream"})
        await response.prepare(request)
        while (line := await self.log_lines.get()) is not None:
            await response.write(line)
        return response

    async def on_post_containers(self, request: web.Request, words: list[str], body: Any) -> web.Response:
        if words == ["create"]:
            name = request.query["name"]
            if name in self.containers:
                return web.json_response({"message": f"Conflict. The name {name} is in use"}, status=409)
            self.add("containers", name, body["Labels"])
            self.containers[name] |= {"Config": body, "State": {"Running": False}}
            self.containers[name]["NetworkSettings"] = {
                "Networks": {body["HostConfig"]["NetworkMode"]: {"IPAddress": "127.0.0.1"}}
            }
            return web.json_response({"Id": self.containers[name]["Id"], "Warnings": []}, status=201)
        found = self.find(self.containers, words[0])
        if found is None:
            return missing("container", words[0])
        if words[1] == "wait":
            await self.ended.wait()
            return web.json_response({"StatusCode": 3})
        running = words[1] == "start"
        status = 304 if running == found["State"]["Running"] else 204
        found["State"]["Running"] = running
        return web.Response(status=status)

    async def on_delete_containers(self, _: Any, words: list[str], __: Any) -> web.Response:
        return self._remove("container", self.containers, words[0])

    async def on_post_networks(self, _: Any, words: list[str], body: Any) -> web.Response:
        if words == ["create"]:
            subnet = body["IPAM"]["Config"][0]["Subnet"]
            if subnet in self.busy_subnets:
                line = "Pool overlaps with other one on this address space"
                return web.json_response({"message": line}, status=403)
            self.busy_subnets.add(subnet)
            self.add("networks", body["Name"], body["Labels"], Containers={}, Created=body)
            return web.json_response({"Id": f"id-of-{body['Name']}"}, status=201)
        members = self.networks[words[0]]["Containers"]
        if words[1] == "connect":
            members[body["Container"]] = {"Name": body["Container"]}
        elif members.pop(body["Container"], None) is None:
            line = f"container {body['Container']} is not connected to the network {words[0]}"
            return web.json_response({"message": line}, status=500)
        return web.Response()

    async def on_get_networks(self, _: Any, words: list[str], __: Any) -> web.Response:
        found = self.find(self.networks, words[0]) if words else None
        return web.json_response(found) if found else missing("network", "/".join(words))

    async def on_delete_networks(self, _: Any, words: list[str], __: Any) -> web.Response:
        return self._remove("network", self.networks, words[0])

    async def on_post_volumes(self, _: Any, words: list[str], body: Any) -> web.Response:
        self.add("volumes", body["Name"], body["Labels"], Created=body)
        return web.json_response(self.volumes[body["Name"]], status=201)

    async def on_get_volumes(self, _: Any, words: list[str], __: Any) -> web.Response:
        found = self.find(self.volumes, words[0]) if words else None
        return web.json_response(found) if found else missing("volume", "/".join(words))

    async def on_delete_volumes(self, _: Any, words: list[str], __: Any) -> web.Response:
        return self._remove("volume", self.volumes, words[0])

    @staticmethod
    def find(things: dict[str, dict[str, Any]], name: str) -> dict[str, Any] | None:
        """By name or by id, as Docker does."""
        return next((shown for key, shown in things.items() if name in (key, shown["Id"])), None)

    def _remove(self, kind: str, things: dict[str, dict[str, Any]], name: str) -> web.Response:
        return web.Response(status=204) if things.pop(name, None) else missing(kind, name)


async def serve(app: web.Application, path: Path) -> web.AppRunner:
    """Serve on a unix socket."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, str(path)).start()
    return runner


def missing(kind: str, name: str) -> web.Response:
    return web.json_response({"message": f"No such {kind}: {name}"}, status=404)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def line(self) -> str:
        """The one line of a refusal."""
        return self.json["message"]


class Caller:
    """Somebody who speaks plain HTTP to a unix socket, whatever the path looks like."""

    def __init__(self, path: Path):
        self.path = path
        self.threads = ThreadPoolExecutor(16, thread_name_prefix="caller")

    async def __call__(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        if body is not None:
            content = json.dumps(body).encode()
        # In threads of its own: the gate, which this process runs as well, wants those of the loop.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self._ask, method, target, content, headers or {})

    def _ask(self, method: str, target: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("gate", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(20)
        connection.sock.connect(str(self.path))
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            if content is not None:
                headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(content)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
