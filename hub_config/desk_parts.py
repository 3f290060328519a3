"""Making and removing the Docker parts of one desk, through the Docker gate.

A desk is two containers, a network and a volume. Each function here can be run again: making finds
what stands, removing does not mind what is gone.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from docker.errors import APIError, NotFound

from hub_config.docker_gate.creation import NETWORK_OPTIONS, SOCKET_OPTIONS
from hub_config.naming import DeskNames

RECIPE_LABEL = "carrel.recipe"
END_WITHIN = 3
"""Seconds."""

DockerCall = Callable[..., Awaitable[Any]]
"""`DockerSpawner.docker`: a docker-py method by name, in a thread."""


class PartFailed(Exception):
    """A part could not be made; the text is one line that names it and the fix."""


def recipe(body: dict[str, Any]) -> str:
    """The digest of a create body: an engine is kept only while what it should be stays the same."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def reason(error: APIError) -> str:
    """Docker's, or the gate's, own line."""
    return str(error.explanation or error).strip().splitlines()[0][:300]


class DeskParts:
    """The Docker parts of one desk.

    Parameters
    ----------
    subnets
        The range from which each desk's network takes a /29.
    """

    def __init__(self, names: DeskNames, docker: DockerCall, subnets: ipaddress.IPv4Network):
        self.names = names
        self.docker = docker
        self.subnets = subnets

    async def make_sockets(self) -> None:
        """The volume that desk and engine share."""
        await self.docker(
            "create_volume",
            self.names.sockets,
            driver="local",
            driver_opts=SOCKET_OPTIONS,
            labels=self.names.labels("sockets"),
        )

    async def make_network(self) -> None:
        """The desk's network, with proxy and hub on it."""
        if await self._inspect("network", self.names.network) is None:
            await self._create_network()
        await self.connect_guests()

    async def _create_network(self) -> None:
        count = self.subnets.num_addresses // 8
        start = random.randrange(count) if count else 0  # noqa: S311 (any free one will do)
        for step in range(count):
            subnet = ipaddress.IPv4Network(
                (int(self.subnets.network_address) + (start + step) % count * 8, 29)
            )
            try:
                await self.docker(
                    "create_network",
                    self.names.network,
                    driver="bridge",
                    internal=True,
                    check_duplicate=True,
                    options=dict(NETWORK_OPTIONS),
                    labels=self.names.labels("network"),
                    ipam={"Config": [{"Subnet": str(subnet)}]},
                )
                return
            except APIError as error:
                if "overlap" not in reason(error).lower():
                    raise
        raise PartFailed(
            f"no free network for a desk in {self.subnets}; give CARREL_DESK_SUBNETS a larger range"
        )

    async def connect_guests(self) -> None:
        """See that proxy and hub are on the network (they are not, once they were made anew)."""
        network = await self._inspect("network", self.names.network)
        if network is None:
            return
        there = {member.get("Name") for member in (network.get("Containers") or {}).values()}
        for guest in ("proxy", "hub"):
            name = f"{self.names.site}.{guest}"
            if name not in there:
                await self.docker("connect_container_to_network", name, self.names.network, aliases=[guest])

    async def make_engine(self, body: dict[str, Any], making: Callable[[], None] = lambda: None) -> bool:
        """Start the engine that ``body`` describes; returns False when it ran already and was kept.

        ``making`` is called before anything is changed.
        """
        wanted = recipe(body)
        standing = await self._inspect("container", self.names.engine)
        if standing is not None:
            same = standing["Config"]["Labels"].get(RECIPE_LABEL) == wanted
            if same and standing["State"]["Running"]:
                return False
        making()
        if standing is not None:
            await self.remove_container(self.names.engine)
        await self.make_sockets()
        labelled = {**body, "Labels": {**body["Labels"], RECIPE_LABEL: wanted}}
        await self.docker("create_container_from_config", labelled, self.names.engine)
        await self.docker("start", self.names.engine)
        return True

    async def remove_container(self, name: str) -> None:
        """Remove a container, running or not."""
        await self._gone("remove_container", name, v=True, force=True)

    async def end_desk(self) -> None:
        """Let the desk's server end by itself, so that it keeps what it has to say; not for long."""
        await self._gone("stop", self.names.desk, timeout=END_WITHIN)

    async def remove_all(self, *, keep_engine: bool = False) -> None:
        """Remove the desk's parts; with ``keep_engine`` engine and sockets stay."""
        names = self.names
        steps = [self.remove_container(names.desk)]
        steps += [
            self._gone("disconnect_container_from_network", f"{names.site}.{guest}", names.network)
            for guest in ("proxy", "hub")
        ]
        steps.append(self._gone("remove_network", names.network))
        if not keep_engine:
            steps += [self.remove_container(names.engine), self._gone("remove_volume", names.sockets)]
        # One that can't be removed does not keep the others; the first error is told at the end.
        first: Exception | None = None
        for step in steps:
            try:
                await step
            except Exception as error:
                first = first or error
        if first is not None:
            raise first

    async def _gone(self, method: str, *arguments: Any, **options: Any) -> None:
        try:
            await self.docker(method, *arguments, **options)
        except NotFound:
            return
        except APIError as error:
            # Docker 20.10 answers 500, or 403, where a container is not on a network.
            if "is not connected" not in reason(error):
                raise

    async def _inspect(self, kind: str, name: str) -> dict[str, Any] | None:
        try:
            return await self.docker(f"inspect_{kind}", name)
        except NotFound:
            return None
