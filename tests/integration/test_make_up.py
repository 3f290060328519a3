"""`make up` beside the running site: another site of the same images, interrupted, finished, taken down."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from provisioning.disks.mounting import below

ROOT = Path(__file__).resolve().parents[2]
NAME = "carrel-second"
pytestmark = pytest.mark.site


@pytest.fixture
def environment(running_site, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A site of another name, port and folder; what was fetched for the first one is used again."""
    where, _ = running_site
    var = tmp_path / "var"
    var.mkdir()
    for fetched in ("wheels", "npm", "node", "build-venv", "labextension"):
        if (where.var / fetched).exists():
            (var / fetched).symlink_to(where.var / fetched)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield {**os.environ, "CARREL_SITE": NAME, "CARREL_PORT": str(port), "CARREL_VAR": str(var)}
    client = docker.from_env(timeout=120)
    mine = {"label": f"carrel.site={NAME}"}
    for container in client.containers.list(all=True, filters=mine):
        container.remove(force=True, v=True)
    for network in client.networks.list(filters=mine):
        network.remove()
    for volume in client.volumes.list(filters=mine):
        volume.remove(force=True)
    client.close()
    for mount in below(var / "data"):
        subprocess.run(["umount", str(mount)], check=True)


def host(verb: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "provisioning.host", verb],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_killed_at_any_point_it_is_finished_by_running_it_again(environment, engine_api, running_site):
    mine = {"label": f"carrel.site={NAME}"}
    # Killed while services start, while the demo site is made, and while the analysis runs.
    for moment in ("services", "demo", "analysis"):
        going = host("up", environment)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and going.poll() is None:
            services = [c for c in engine_api.containers.list(filters=mine) if c.name == f"{NAME}.gate"]
            demo = (Path(environment["CARREL_VAR"]) / "data/extracts/rotterdam").exists()
            run = [c for c in engine_api.containers.list(filters=mine) if ".run." in (c.name or "")]
            if (
                (moment == "services" and services)
                or (moment == "demo" and demo)
                or (moment == "analysis" and run)
            ):
                break
            time.sleep(0.05)
        if going.poll() is None:
            os.killpg(going.pid, signal.SIGKILL)
        going.wait()
    last = host("up", environment)
    said, _ = last.communicate(timeout=240)
    assert last.returncode == 0, said
    demo = json.loads((Path(environment["CARREL_VAR"]) / "demo.json").read_text())
    assert (Path(environment["CARREL_VAR"]) / "demo.json").stat().st_mode & 0o777 == 0o600
    assert set(demo) >= {"url", "users", "projects", "extracts", "run"}
    assert Path(demo["run"]["report"]).stat().st_size > 10_000
    assert f"Carrel is at          {demo['url']}" in said

    before = (Path(environment["CARREL_VAR"]) / "demo.json").read_text()
    started = time.monotonic()
    again = host("up", environment)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert time.monotonic() - started < 60
    assert (Path(environment["CARREL_VAR"]) / "demo.json").read_text() == before
    assert "building" not in said
    assert "asking for the standard analysis" not in said

    down = host("down", environment)
    said, _ = down.communicate(timeout=120)
    assert down.returncode == 0, said
    assert engine_api.containers.list(all=True, filters=mine) == []
    first = engine_api.containers.list(filters={"label": f"carrel.site={running_site[0].name}"})
    assert {"carrel.hub", "carrel.portal", "carrel.proxy", "carrel.gate", "carrel.disks"} <= {
        c.name for c in first
    }


def test_a_port_in_use_is_said_before_anything_is_made(environment, engine_api):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = host("up", {**environment, "CARREL_PORT": str(port)})
        said, _ = up.communicate(timeout=60)
    assert up.returncode == 1
    assert said.strip().splitlines()[-1].startswith(f"[carrel] Port {port} on 127.0.0.1 can't be used")
    assert "CARREL_PORT" in said
    assert engine_api.containers.list(all=True, filters={"label": f"carrel.site={NAME}"}) == []


def test_only_the_gate_holds_the_docker_socket_and_only_the_disks_may_mount(engine_api, running_site):
    where, _ = running_site
    for service, user, network in (
        ("disks", "0:0", "none"),
        ("gate", "0:0", "none"),
        ("hub", "carrel", f"{where.name}_control"),
        ("portal", "carrel", f"{where.name}_control"),
        ("proxy", "front", None),
    ):
        container = engine_api.containers.get(f"{where.name}.{service}")
        sockets = [m for m in container.attrs["Mounts"] if m["Source"].endswith("docker.sock")]
        assert bool(sockets) is (service == "gate"), service
        assert container.attrs["Config"]["User"] == user
        host_config = container.attrs["HostConfig"]
        assert host_config["ReadonlyRootfs"] is True
        assert host_config["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in host_config["SecurityOpt"]
        may_mount = "SYS_ADMIN" in " ".join(host_config["CapAdd"] or [])
        assert may_mount is (service == "disks"), service
        assert bool(host_config["Devices"]) is (service == "disks"), service
        if network:
            assert host_config["NetworkMode"] == network
