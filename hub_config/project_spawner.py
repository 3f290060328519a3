"""Spawning a desk: what differs from `dockerspawner.DockerSpawner`.

A named server is a project. Who may have it, with which extracts and limits, is asked of the
registry at every spawn. Two containers are started at once, the desk and its engine.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from docker.errors import APIError, ImageNotFound
from dockerspawner import DockerSpawner
from requests import RequestException
from sqlalchemy.orm import Session
from tornado import web
from tornado.httpclient import AsyncHTTPClient
from tornado.simple_httpclient import HTTPTimeoutError
from traitlets import Bool, Float, Integer, Unicode

from hub_config import enforcement, naming, transport
from hub_config.desk_container import PORT, desk_container
from hub_config.desk_parts import DeskParts, PartFailed, reason
from kernels import isolation
from kernels.isolation import Limits, Mount
from locales import choose, text
from provisioning.audit import trail
from provisioning.registry import access, database, events


def _display_budget(quotas: access.Quotas) -> dict[str, str]:
    """The project's own budget, where it has one, as `export_guard.budget` reads it."""
    own = {"CARREL_DISPLAY_BYTES": quotas.display_bytes, "CARREL_DISPLAY_CELLS": quotas.display_cells}
    return {name: str(value) for name, value in own.items() if value is not None}


def _disk(quotas: access.Quotas) -> dict[str, str]:
    return {naming.DISK_LABEL: str(quotas.disk_bytes)}


class SpawnRefused(web.HTTPError):
    """No desk, and why; JupyterHub shows ``jupyterhub_message`` on a page with ``status``.

    The hub passes on the status and the line of an HTTP error alone; of any other it says 500.
    """

    def __init__(self, line: str, status: int = 403):
        super().__init__(status, "%s", line)
        self.jupyterhub_message = line

    def __str__(self) -> str:
        return self.jupyterhub_message


class ProjectSpawner(DockerSpawner):
    """A desk and its engine for one user in one project."""

    site = Unicode(
        "carrel", config=True, help="Prefix of all names in Docker, and the value of `carrel.site`."
    )
    registry_url = Unicode("", config=True, help="The registry's SQLAlchemy URL; empty: CARREL_REGISTRY_URL.")
    engine_image = Unicode("carrel/engine-stats:0.1.0", config=True, help="The image of a desk's engine.")
    desk_subnets = Unicode("10.213.0.0/16", config=True, help="Each desk's network takes a /29 out of this.")
    desk_memory = Integer(
        512 * isolation.MIB, config=True, help="Bytes that a desk (not its engine) may use."
    )
    engine_linger = Float(
        3600.0, config=True, help="Seconds that an engine outlives a desk that died, its kernels running on."
    )
    keep_engine = Bool(False, config=True, help="Whether stopping a desk leaves its engine running as well.")

    # docker-py blocks in threads; a desk's parts are made side by side.
    _threads = ThreadPoolExecutor(max_workers=16, thread_name_prefix="docker")
    _registry: Any = None
    _kept_engine = False
    _starting: ClassVar[set[tuple[str, str]]] = set()
    """Project and account of the desks that this hub is about to start."""

    @property
    def executor(self) -> ThreadPoolExecutor:
        """Threads for Docker's calls; the stock spawner has one for all users."""
        return self._threads

    @property
    def names(self) -> naming.DeskNames:
        """What this desk's parts are called."""
        return naming.DeskNames(self.site, self.name, self.user.name)

    @property
    def parts(self) -> DeskParts:
        """This desk's parts in Docker."""
        return DeskParts(self.names, self.docker, ipaddress.IPv4Network(self.desk_subnets))

    def _object_name_default(self) -> str:
        return self.names.desk

    def _port_default(self) -> int:
        return PORT

    async def start(self) -> tuple[str, int]:
        """Start the desk and its engine; returns the desk's address once it answers.

        Raises `SpawnRefused` with one line for the person; then nothing of this spawn is left.
        """
        granted = await asyncio.to_thread(self._access)
        mine = (self.name, self.user.name)
        self._starting.add(mine)
        try:
            await self._check_room(granted.quotas)
            return await self._start(granted)
        finally:
            self._starting.discard(mine)

    async def _start(self, granted: access.DeskAccess) -> tuple[str, int]:
        making: list[asyncio.Task[Any]] = []
        # Until this spawn makes an engine, one that is there is not its to end: kernels run in it.
        self._kept_engine = True
        try:
            await self._check_images()
            await self.parts.remove_container(self.names.desk)
            making.append(asyncio.create_task(self._make_engine(granted)))
            making.append(asyncio.create_task(self._make_desk(granted)))
            await asyncio.gather(*making)
            address = await self._answering()
            # What was taken away while this desk started would not be noticed by who looks at running ones.
            await asyncio.to_thread(self._access, granted)
            await self._note("desk-started")
            return address, PORT
        except BaseException as error:
            # Wait for the half that still works on, or it would leave its part behind.
            await asyncio.gather(*making, return_exceptions=True)
            try:
                await asyncio.shield(self.parts.remove_all(keep_engine=self._kept_engine))
            except Exception as left:  # what went wrong first is what the person reads
                self.log.error("Not all of desk %s could be removed: %s", self.names.desk, left)
            if isinstance(error, (APIError, PartFailed, RequestException)):
                raise SpawnRefused(self._line(error), 500) from error
            raise

    async def _check_room(self, quotas: access.Quotas) -> None:
        """Raises `SpawnRefused` where the project's other desks are as many as may run."""
        if quotas.max_desks is None:
            return
        mine = {
            "label": [
                f"{naming.SITE_LABEL}={self.site}",
                f"{naming.ROLE_LABEL}=desk",
                f"{naming.PROJECT_LABEL}={self.name}",
            ]
        }
        try:
            running = await self.docker("containers", filters=mine)
        except (APIError, RequestException) as error:
            raise SpawnRefused(self._line(error), 500) from error
        others = {container["Labels"][naming.ACCOUNT_LABEL] for container in running}
        others |= {account for project, account in self._starting if project == self.name}
        if len(others - {self.user.name}) >= quotas.max_desks:
            full = (
                "The project {project} may have {limit} desks at one time, and they are in use. "
                "Wait until a member closes one."
            )
            raise SpawnRefused(self._text(full, project=self.name, limit=quotas.max_desks))

    def _access(self, mounted: access.DeskAccess | None = None) -> access.DeskAccess:
        """What the registry allows now; ``mounted`` is what it allowed before, and must still hold."""
        if ProjectSpawner._registry is None:
            ProjectSpawner._registry = database.sessions(database.engine(self.registry_url or None))
        if not naming.NAME.fullmatch(self.name):
            raise SpawnRefused(self._text("A desk belongs to a project. Choose one of your projects."))
        try:
            with database.writing(ProjectSpawner._registry.kw["bind"]) as session:
                extracts = mounted.extracts if mounted else ()
                held = [(extract.name, extract.digest) for extract in extracts]
                granted = enforcement.check_desk(session, self.user.name, self.name, held)
                if mounted is None:
                    self._record_mounts(session, granted)
                return granted
        except access.AccessDenied as denied:
            self._record_refusal(denied.code)
            raise SpawnRefused(denied.text(self._language)) from denied

    def _record_mounts(self, session: Session, granted: access.DeskAccess) -> None:
        """Before anything is mounted: an access that cannot be recorded is none."""
        for extract in granted.extracts:
            trail.record(
                session,
                "extract-mounted",
                source="hub",
                user=self.user.name,
                project=self.name,
                extract=f"{extract.name}@{extract.version}",
                detail={"digest": extract.digest},
            )

    def _record_refusal(self, code: str) -> None:
        with database.writing(ProjectSpawner._registry.kw["bind"]) as session:
            trail.record(
                session,
                "spawn-refused",
                source="hub",
                user=self.user.name,
                project=self.name,
                detail={"reason": code.replace("_", "-")},
            )

    @property
    def _language(self) -> str:
        handler = getattr(self, "handler", None)
        return choose(handler.request.headers.get("Accept-Language") if handler else None)

    def _text(self, message: str, **values: object) -> str:
        return text(self._language, message, **values)

    def _line(self, error: APIError | PartFailed | RequestException) -> str:
        """What the person reads; the log has the whole of it."""
        self.log.error("No desk %s: %s", self.names.desk, error)
        if isinstance(error, APIError):
            said = reason(error)
        elif isinstance(error, PartFailed):
            said = str(error)
        else:
            said = self._text("Docker does not answer")
        return self._text(
            "The desk could not be started: {reason}. Tell an administrator.", reason=said.rstrip(".")
        )

    async def _check_images(self) -> None:
        for image in (self.image, self.engine_image):
            try:
                await self.docker("inspect_image", image)
            except ImageNotFound as error:
                missing = "The image {image} is missing. An administrator builds it with: make up"
                raise SpawnRefused(self._text(missing, image=image), 500) from error

    async def _make_engine(self, granted: access.DeskAccess) -> None:
        self._kept_engine = not await self.parts.make_engine(self._engine_body(granted), self._own_engine)

    def _own_engine(self) -> None:
        self._kept_engine = False

    def _engine_body(self, granted: access.DeskAccess) -> dict[str, Any]:
        names, quotas = self.names, granted.quotas
        extracts = {naming.EXTRACT_LABEL + extract.name: extract.digest for extract in granted.extracts}
        return isolation.engine_container(
            image=self.engine_image,
            role="engine",
            mounts=[
                Mount(names.sockets, "/run/carrel", read_only=False, kind="volume"),
                Mount(f"workspaces/{names.project}/{names.account}", "/workspace", read_only=False),
                Mount(f"runs/{names.project}", "/runs"),
                *(
                    Mount(f"extracts/{extract.folder}", f"/data/{extract.name}")
                    for extract in granted.extracts
                ),
            ],
            limits=Limits(memory=quotas.memory_bytes, cpus=quotas.cpu, pids=quotas.pids, gpus=quotas.gpus),
            labels={**names.labels("engine"), **_disk(quotas), **extracts},
            environment={"CARREL_ENGINE_LINGER": str(self.engine_linger), "CARREL_PROJECT": names.project},
            restart_attempts=5,
        )

    async def _make_desk(self, granted: access.DeskAccess) -> None:
        await self.parts.make_network()
        names = self.names
        await self.parts.make_sockets()
        body = desk_container(
            image=self.image,
            network=names.network,
            mounts=[
                Mount(names.sockets, "/run/carrel", read_only=False, kind="volume"),
                Mount(f"workspaces/{names.project}/{names.account}", "/workspace", read_only=False),
                Mount(f"desks/{names.project}/{names.account}", "/home/desk", read_only=False),
            ],
            labels={**names.labels("desk"), **_disk(granted.quotas)},
            environment={**self.get_env(), **_display_budget(granted.quotas)},
            command=await self.get_command(),
            memory=self.desk_memory,
        )
        created = await self.docker("create_container_from_config", body, names.desk)
        self.object_id = created["Id"]
        await self.docker("start", names.desk)

    def get_env(self) -> dict[str, str]:
        """As the stock spawner's, and the project."""
        own = {"CARREL_PROJECT": self.name, "HOME": "/home/desk"}
        return {**super().get_env(), **own, **transport.for_desks()}

    async def _answering(self) -> str:
        """The desk's address, once its server answers.

        The hub asks as well, but at growing intervals of up to seconds; a person waits for this.
        """
        inspected = await self.docker("inspect_container", self.names.desk)
        address = inspected["NetworkSettings"]["Networks"][self.names.network]["IPAddress"]
        url = f"http://{address}:{PORT}{self.server.base_url}api"
        deadline = asyncio.get_running_loop().time() + self.http_timeout
        while asyncio.get_running_loop().time() < deadline:
            try:
                await AsyncHTTPClient().fetch(url, raise_error=False, request_timeout=2, connect_timeout=1)
                return address
            except (OSError, HTTPTimeoutError):
                await asyncio.sleep(0.05)
            if await self.poll() is not None:
                raise PartFailed(f"the desk ended at once: {await self._last_words()}")
        raise PartFailed(f"the desk did not answer within {self.http_timeout} s")

    async def _last_words(self) -> str:
        said = await self.docker("logs", self.names.desk, tail=5)
        lines = said.decode(errors="replace").strip().splitlines()
        return lines[-1][:200] if lines else "it said nothing"

    async def poll(self) -> int | str | None:
        """None while the desk runs. Proxy and hub rejoin its network where they were made anew."""
        status = await super().poll()
        if status is None and self.server is not None and self.pending in (None, "check"):
            try:
                await self.parts.connect_guests()
            except APIError as error:
                self.log.warning("Desk %s: %s", self.names.desk, reason(error))
        return status

    async def stop(self, now: bool = False) -> None:
        """Remove the desk's parts. Notebooks and run results are folders, and stay."""
        await self.parts.end_desk()
        await self.parts.remove_all(keep_engine=self.keep_engine)
        await self._note("desk-stopped")

    async def _note(self, kind: str) -> None:
        """Put an event on record."""
        registry = database.engine(self.registry_url or None)
        try:
            await asyncio.to_thread(
                events.note, registry, source="hub", user=self.user.name, project=self.name, kind=kind
            )
        except Exception:  # a registry that is busy does not stop a desk
            self.log.exception("Not recorded: %s of %s", kind, self.names.desk)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the waiting page shows."""
        yield {"progress": 20, "message": self._text("Asking the registry")}
        yield {"progress": 50, "message": self._text("Starting the desk and its engine")}
