"""Docker as docker-py's methods are, in memory: what `DockerSpawner.docker` calls in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound

from hub_config.docker_gate.creation import RULES


def api_error(line: str, status: int = 500, kind: type[APIError] = APIError) -> APIError:
    """As docker-py raises it; ``line`` is what Docker, or the gate, said."""
    response = SimpleNamespace(status_code=status, reason="", url="", text=line)
    return kind(f"{status} Error", response=response, explanation=line)


class Docker:
    """Call it with a method's name. ``failing`` says what to raise; ``before`` runs as a call begins."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, Any]] = {}
        self.networks: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.images = {"carrel/desk:0.1.0", "carrel/engine-stats:0.1.0"}
        self.busy_subnets: set[str] = set()
        self.calls: list[str] = []
        self.failing: dict[str, Exception] = {}
        self.before: dict[str, Callable[[], Any]] = {}
        for name in ("t.proxy", "t.hub", "other.engine.heart.li-wei"):
            self.containers[name] = {"Config": {"Labels": {}}, "State": {"Running": True}}

    @property
    def desks(self) -> set[str]:
        """The parts of the site's desks that there are."""
        parts = {*self.containers, *self.networks, *self.volumes}
        return {name for name in parts if name.startswith("t.") and name not in ("t.proxy", "t.hub")}

    async def __call__(self, method: str, *arguments: Any, **options: Any) -> Any:
        names = [each for each in arguments if isinstance(each, str)]
        call = " ".join([method, *names])
        self.calls.append(call)
        await asyncio.sleep(0)
        for beginning, run in self.before.items():
            if call.startswith(beginning):
                await run()
        for beginning, error in self.failing.items():
            if call.startswith(beginning):
                raise error
        # `containers` is what stands here.
        return getattr(self, {"containers": "listed"}.get(method, method))(*arguments, **options)

    def listed(self, filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        """The running containers that bear all of the labels, as ``GET /containers/json`` tells of them."""
        wanted = dict(label.split("=", 1) for label in filters["label"])
        each = [(body["Config"]["Labels"], body["State"]) for body in self.containers.values()]
        return [
            {"Labels": labels}
            for labels, state in each
            if state["Running"] and wanted.items() <= labels.items()
        ]

    def inspect_image(self, name: str) -> dict[str, Any]:
        if name not in self.images:
            raise api_error(f"No such image: {name}", 404, ImageNotFound)
        return {"Id": f"sha256:{name}"}

    def create_volume(self, name: str, *, driver: str, driver_opts: dict, labels: dict) -> dict[str, Any]:
        return self.volumes.setdefault(name, {"Labels": labels, "Options": driver_opts})

    def create_network(self, name: str, *, ipam: dict, **options: Any) -> None:
        subnet = ipam["Config"][0]["Subnet"]
        if subnet in self.busy_subnets:
            raise api_error("Pool overlaps with other one on this address space", 403)
        self.networks[name] = {"Containers": {}, "Subnet": subnet, **options}

    def connect_container_to_network(self, name: str, network: str, *, aliases: list[str]) -> None:
        self.networks[network]["Containers"][name] = {"Name": name, "Aliases": aliases}

    def disconnect_container_from_network(self, name: str, network: str) -> None:
        members = self._of(self.networks, network)["Containers"]
        if members.pop(name, None) is None:
            raise api_error(f"container {name} is not connected to the network {network}")

    def create_container_from_config(self, body: dict[str, Any], name: str) -> dict[str, str]:
        if name in self.containers:
            raise api_error(f"Conflict. The container name {name} is in use", 409)
        assert RULES[body["Labels"]["carrel.role"]].breaches(body) == [], "the gate would refuse it"
        network = body["HostConfig"]["NetworkMode"]
        self.containers[name] = {
            "Id": f"id-{name}",
            "Config": body,
            "State": {"Running": False, "ExitCode": 1, "Error": "", "FinishedAt": "now"},
            "NetworkSettings": {"Networks": {network: {"IPAddress": "127.0.0.1"}}},
        }
        return {"Id": f"id-{name}"}

    def start(self, name: str) -> None:
        self._of(self.containers, name)["State"]["Running"] = True

    def stop(self, name: str, *, timeout: int) -> None:
        self._of(self.containers, name)["State"]["Running"] = False

    def logs(self, name: str, *, tail: int) -> bytes:
        return self._of(self.containers, name).get("Logs", b"")

    def inspect_container(self, name: str) -> dict[str, Any]:
        return self._of(self.containers, name)

    def inspect_network(self, name: str) -> dict[str, Any]:
        return self._of(self.networks, name)

    def remove_container(self, name: str, *, v: bool, force: bool) -> None:
        self._of(self.containers, name)
        del self.containers[name]

    def remove_network(self, name: str) -> None:
        if self._of(self.networks, name)["Containers"]:
            raise api_error(f"network {name} has active endpoints", 403)
        del self.networks[name]

    def remove_volume(self, name: str) -> None:
        self._of(self.volumes, name)
        users = [body["Config"] for body in self.containers.values() if "HostConfig" in body["Config"]]
        if any(mount["Source"] == name for body in users for mount in body["HostConfig"]["Mounts"]):
            raise api_error(f"remove {name}: volume is in use", 409)
        del self.volumes[name]

    @staticmethod
    def _of(things: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
        if name not in things:
            raise api_error(f"No such thing: {name}", 404, NotFound)
        return things[name]
