"""The real gate before a small engine, each on its unix socket, with a data folder that holds an extract."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fake_engine import Answer, Caller, FakeEngine, serve

from hub_config import naming
from hub_config.desk_container import desk_container
from hub_config.docker_gate.creation import NETWORK_OPTIONS, SOCKET_OPTIONS, Site
from hub_config.docker_gate.folders import DataFolder
from hub_config.docker_gate.server import DockerGate
from kernels.isolation import Limits, Mount, engine_container
from provisioning.extracts.manifest import MANIFEST, SCHEMA, digest_of, write_document

NAMES = naming.DeskNames("t", "heart", "li-wei")
RUN_ID = "0123456789abcdef" * 2
HOST = "/host/data"


def make_extract(folder: Path) -> str:
    """An extract of one file in ``folder``; returns its digest."""
    folder.mkdir(parents=True)
    content = b"PAR1" * 1000
    (folder / "bloods.parquet").write_bytes(content)
    entry = {"path": "bloods.parquet", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    document = {"schema": SCHEMA, "name": "bloods", "version": 1, "title": {}, "tables": [], "files": [entry]}
    document["gate"] = {"verified": True}
    (folder / MANIFEST).write_bytes(write_document(document))
    return digest_of(write_document(document))


@dataclass
class Bodies:
    """Create bodies as hub and portal write them, to be changed by a test."""

    digest: str = ""
    extract: Mount = field(default_factory=lambda: Mount("extracts/bloods/v1", "/data/bloods"))

    @property
    def extracts(self) -> dict[str, str]:
        return {naming.EXTRACT_LABEL + "bloods": self.digest}

    def engine(self, **more: Any) -> dict[str, Any]:
        return engine_container(
            image="carrel/engine-stats:0.1.0",
            role="engine",
            mounts=[
                Mount(NAMES.sockets, "/run/carrel", read_only=False, kind="volume"),
                Mount("workspaces/heart/li-wei", "/workspace", read_only=False),
                Mount("runs/heart", "/runs"),
                self.extract,
            ],
            limits=Limits(gpus=more.pop("gpus", 0)),
            labels={**NAMES.labels("engine"), **self.extracts},
            environment={"CARREL_PROJECT": "heart"},
            restart_attempts=5,
        )

    def run_engine(self) -> dict[str, Any]:
        return engine_container(
            image="carrel/engine-stats:0.1.0",
            role="run-engine",
            command=["python", "-I", "-m", "templates_nb.runner"],
            working_dir="/run",
            mounts=[
                Mount("templates/means/1.0.0", "/template"),
                Mount(f"runs/heart/{RUN_ID}", "/run", read_only=False),
                self.extract,
            ],
            limits=Limits(),
            labels={**NAMES.labels("run-engine"), naming.RUN_LABEL: RUN_ID, **self.extracts},
        )

    def desk(self) -> dict[str, Any]:
        return desk_container(
            image="carrel/desk:0.1.0",
            network=NAMES.network,
            mounts=[
                Mount(NAMES.sockets, "/run/carrel", read_only=False, kind="volume"),
                Mount("workspaces/heart/li-wei", "/workspace", read_only=False),
                Mount("desks/heart/li-wei", "/home/desk", read_only=False),
            ],
            labels=NAMES.labels("desk"),
            environment={"CARREL_PROJECT": "heart"},
            command=["python", "-m", "export_guard.start"],
        )

    def network(self) -> dict[str, Any]:
        return {
            "Name": NAMES.network,
            "Driver": "bridge",
            "Internal": True,
            "CheckDuplicate": True,
            "Options": dict(NETWORK_OPTIONS),
            "Labels": NAMES.labels("network"),
            "IPAM": {"Config": [{"Subnet": "10.213.0.8/29"}]},
        }

    def volume(self) -> dict[str, Any]:
        return {
            "Name": NAMES.sockets,
            "Driver": "local",
            "DriverOpts": dict(SOCKET_OPTIONS),
            "Labels": NAMES.labels("sockets"),
        }


NAME_OF = {
    "engine": NAMES.engine,
    "desk": NAMES.desk,
    "run_engine": naming.run_engine_name("t", RUN_ID),
}


class Gate:
    """The gate, its engine and its data folder."""

    def __init__(self, ask: Caller, engine: FakeEngine, data: Path, bodies: Bodies):
        self.ask, self.engine, self.data, self.bodies = ask, engine, data, bodies

    async def create(self, role: str, body: dict[str, Any] | None = None, name: str | None = None) -> Answer:
        """Ask for a container of ``role``, as it should be where nothing else is said."""
        body = getattr(self.bodies, role)() if body is None else body
        return await self.ask("POST", f"/v1.41/containers/create?name={name or NAME_OF[role]}", body)

    @property
    def created(self) -> dict[str, Any]:
        """The body of the one container that reached the engine."""
        (call,) = [call for call in self.engine.reached if call.path.endswith("/containers/create")]
        return call.body


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name in ("extracts", "templates/means/1.0.0", "runs"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.fixture
def bodies(data: Path) -> Bodies:
    return Bodies(make_extract(data / "extracts/bloods/v1"))


@pytest.fixture
async def engine(short_tmp: Path) -> AsyncIterator[FakeEngine]:
    """The host's engine: the site's own things, and other people's."""
    made = FakeEngine(images={"carrel/desk:0.1.0", "carrel/engine-stats:0.1.0"})
    part = {"carrel.site": "t", "carrel.role": "part"}
    for name in ("gate", "proxy", "hub", "portal"):
        made.add("containers", f"t.{name}", part)
    for name in ("t_front", "t_control"):
        made.add("networks", name, part, Containers={})
    made.add("volumes", "t_registry", part)
    other = naming.DeskNames("other", "heart", "li-wei")
    made.add("containers", "database", {})
    made.add("containers", "unlabelled", None)
    made.add("containers", other.engine, other.labels("engine"))
    made.add("networks", "bridge", {}, Containers={})
    made.add("networks", other.network, other.labels("network"), Containers={})
    made.add("volumes", "database", None)
    made.add("volumes", other.sockets, other.labels("sockets"))
    runner = await serve(made.application(), short_tmp / "docker.sock")
    yield made
    made.ended.set()
    await made.log_lines.put(None)
    await runner.cleanup()


@pytest.fixture
def site(data: Path) -> Site:
    return Site("t", DataFolder(here=data, host=HOST), ipaddress.IPv4Network("10.213.0.0/24"))


@pytest.fixture
async def gate(
    engine: FakeEngine, site: Site, bodies: Bodies, data: Path, short_tmp: Path
) -> AsyncIterator[Gate]:
    guests = {f"t.{part}": part for part in ("proxy", "hub")}
    made = DockerGate(site, str(short_tmp / "docker.sock"), guests)
    runner = await serve(made.application(), short_tmp / "gate.sock")
    yield Gate(Caller(short_tmp / "gate.sock"), engine, data, bodies)
    await runner.cleanup()


@pytest.fixture
def own(engine: FakeEngine) -> naming.DeskNames:
    """A desk of the site that stands already: its containers, network and volume."""
    engine.add("containers", NAMES.engine, NAMES.labels("engine"))
    engine.add("containers", NAMES.desk, NAMES.labels("desk"))
    engine.add("networks", NAMES.network, NAMES.labels("network"), Containers={})
    engine.add("volumes", NAMES.sockets, NAMES.labels("sockets"))
    return NAMES
