"""A desk and its engine as they run at the site: every property of their isolation, from outside and inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.models.containers import Container
from site_fixtures import TestProject, run_cell

from bench.server import Server
from kernels import isolation
from kernels.isolation import breaches

pytestmark = pytest.mark.site


@pytest.fixture(scope="module")
def module_project(running_site, engine_api) -> Iterator[TestProject]:
    """One project whose desk runs for this module; no test here changes it."""
    from site_fixtures import make_project  # noqa: PLC0415

    making = make_project.__wrapped__(running_site, engine_api)  # type: ignore[attr-defined]
    yield next(making)()
    next(making, None)


@pytest.fixture(scope="module")
def desk(module_project: TestProject) -> Server:
    server = module_project.desk()
    server.start()
    server.open()
    return server


@pytest.fixture(scope="module")
def desk_container(desk: Server, engine_api: docker.DockerClient) -> Container:
    return engine_api.containers.get(desk.containers[0])


@pytest.fixture(scope="module")
def engine_container(desk: Server, engine_api: docker.DockerClient) -> Container:
    return engine_api.containers.get(desk.containers[1])


def _host(container: Container) -> dict[str, Any]:
    return container.attrs["HostConfig"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NetworkMode", "none"),
        ("ReadonlyRootfs", True),
        ("Privileged", False),
        ("CapDrop", ["ALL"]),
        ("CapAdd", None),
        ("SecurityOpt", ["no-new-privileges:true"]),
        ("IpcMode", "private"),
        ("PidMode", ""),
        ("Memory", 512 * isolation.MIB),
        ("MemorySwap", 512 * isolation.MIB),
        ("NanoCpus", 1_000_000_000),
        ("PidsLimit", 128),
        ("OomKillDisable", False),
        ("Devices", None),
        ("Binds", None),
        ("PortBindings", None),
        ("PublishAllPorts", False),
    ],
)
def test_the_engine_that_runs_has(key, value, engine_container):
    assert (_host(engine_container)[key] or None) == (value or None)


def test_the_engine_runs_as_nobody_special_and_with_a_sized_tmp(engine_container):
    assert engine_container.attrs["Config"]["User"] == "2000:2000"
    assert set(_host(engine_container)["Tmpfs"]) == {"/tmp"}
    assert {"nosuid", "nodev"} <= set(_host(engine_container)["Tmpfs"]["/tmp"].split(","))


def test_the_engine_has_its_mounts_and_no_others(engine_container, module_project):
    mounts = {mount["Destination"]: mount["RW"] for mount in engine_container.attrs["Mounts"]}
    assert mounts == {
        "/run/carrel": True,
        "/workspace": True,
        "/runs": False,
        f"/data/{module_project.extract}": False,
    }


def test_no_container_of_the_desk_can_see_the_docker_socket(engine_container, desk_container):
    for container in (engine_container, desk_container):
        assert not [m for m in container.attrs["Mounts"] if m["Source"].endswith("docker.sock")]
        assert not [e for e in container.attrs["Config"]["Env"] if e.startswith("DOCKER")]


def test_the_engine_knows_no_token(engine_container, desk):
    seen = run_cell(desk, "import os; print(dict(os.environ))")
    assert "TOKEN" not in seen
    assert not [entry for entry in engine_container.attrs["Config"]["Env"] if "TOKEN" in entry]


STATUS = """
fields = dict(line.split(':', 1) for line in open('/proc/self/status'))
print({k: fields[k].strip() for k in ('CapEff', 'CapBnd', 'CapPrm', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Uid')})
"""


def test_a_kernel_has_no_capability_and_cannot_gain_any(desk):
    status = json.loads(run_cell(desk, STATUS).replace("'", '"'))
    none = "0" * 16
    assert [status[name] for name in ("CapEff", "CapBnd", "CapPrm", "CapAmb")] == [none] * 4
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert set(status["Uid"].split()) == {"2000"}


def test_a_kernel_has_no_network_but_the_loopback(desk):
    assert run_cell(desk, "import os; print(os.listdir('/sys/class/net'))") == "['lo']"


@pytest.mark.parametrize(
    "place", ["/etc/x", "/opt/carrel/x", "/usr/local/x", "/home/x", "/data/x", "/runs/x"]
)
def test_a_kernel_cannot_write(place, desk):
    assert run_cell(desk, f"open({place!r}, 'w')").startswith(
        ("OSError", "PermissionError", "FileNotFoundError")
    )


def test_the_extract_can_be_read_and_not_changed(desk, module_project):
    folder = f"/data/{module_project.extract}"
    assert run_cell(desk, f"import pandas; print(len(pandas.read_parquet('{folder}/visits.parquet')))") == "3"
    for code in (
        f"open('{folder}/visits.parquet', 'ab')",
        f"open('{folder}/new', 'w')",
        f"import os; os.remove('{folder}/visits.parquet')",
        f"import os; os.chmod('{folder}/visits.parquet', 0o777)",
    ):
        assert run_cell(desk, code).startswith(("OSError", "PermissionError")), code


def test_no_other_extract_is_there(desk, module_project):
    assert run_cell(desk, "import os; print(os.listdir('/data'))") == f"['{module_project.extract}']"


@pytest.mark.parametrize(
    "command",
    [
        "sudo -n id",
        "curl -sS -m 5 http://deb.debian.org",
        "pip install six",
        "su -c id",
        "mount -t tmpfs x /mnt",
    ]
    + [
        "ping -c1 -W2 1.1.1.1",
        "python3 -m pip download six",
        "apt-get update",
        "unshare -rn id",
        "nsenter -t 1 -n id",
    ],
)
def test_a_shell_command_reaches_nothing(command, desk):
    code = f"""
import subprocess
try:
    done = subprocess.run({command.split()!r}, capture_output=True, text=True, timeout=30)
    # apt-get ends well although it fetched nothing: what it could not do stands on its error output.
    print('reached' if done.returncode == 0 and not done.stderr else 'nothing')
except OSError as error:
    print('nothing')
"""
    assert run_cell(desk, code) == "nothing"


@pytest.mark.parametrize(
    "host", ["1.1.1.1", "169.254.169.254", "172.17.0.1", "10.213.0.1", "127.0.0.1", "hub", "proxy"]
)
def test_a_kernel_opens_no_connection(host, desk):
    code = f"""
import socket
try:
    socket.create_connection(({host!r}, 8000), 2)
    print('connected')
except OSError as error:
    print('nothing')
"""
    assert run_cell(desk, code) == "nothing"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ReadonlyRootfs", True),
        ("Privileged", False),
        ("CapDrop", ["ALL"]),
        ("CapAdd", None),
        ("SecurityOpt", ["no-new-privileges:true"]),
        ("PublishAllPorts", False),
        ("PortBindings", None),
    ],
)
def test_the_desk_that_runs_has(key, value, desk_container):
    assert (_host(desk_container)[key] or None) == (value or None)


def test_the_desk_has_no_extract_and_is_on_its_own_network_alone(desk_container, module_project):
    mounts = {mount["Destination"] for mount in desk_container.attrs["Mounts"]}
    assert mounts == {"/run/carrel", "/workspace", "/home/desk"}
    networks = desk_container.attrs["NetworkSettings"]["Networks"]
    assert list(networks) == [module_project.names.network]
    assert desk_container.attrs["Config"]["User"] == "2001:2001"


CONNECT = """
import socket, sys
for target in sys.argv[1:]:
    host, port = target.rsplit(':', 1)
    try:
        socket.create_connection((host, int(port)), 2).close()
        print('reached')
    except OSError:
        print('nothing')
"""


def _reach(container: Container, *targets: str) -> list[str]:
    done = container.exec_run(["python", "-c", CONNECT, *targets], user="2001:2001")
    return done.output.decode().split()


def test_the_desk_reaches_hub_and_portal(desk_container):
    assert _reach(desk_container, "hub:8081", "proxy:8000") == ["reached", "reached"]


def test_the_desk_reaches_nothing_else(desk_container, engine_api, make_project, running_site):
    where, _ = running_site
    other = make_project()
    neighbour = other.desk()
    neighbour.start()
    container = engine_api.containers.get(neighbour.containers[0])
    (address,) = [n["IPAddress"] for n in container.attrs["NetworkSettings"]["Networks"].values()]
    gateways = {
        network.attrs["IPAM"]["Config"][0].get("Gateway")
        for network in engine_api.networks.list()
        if network.attrs["IPAM"]["Config"]
    }
    portal = engine_api.containers.get(f"{where.name}.portal").attrs["NetworkSettings"]["Networks"]
    inner = [network["IPAddress"] for network in portal.values()]
    targets = [
        f"{address}:8888",
        "1.1.1.1:53",
        "172.17.0.1:22",
        f"172.17.0.1:{where.port}",
        f"10.255.255.254:{where.port}",
    ]
    targets += [f"{gateway}:{port}" for gateway in gateways if gateway for port in (22, where.port)]
    targets += [f"{found}:8090" for found in inner]
    assert set(_reach(desk_container, *targets)) == {"nothing"}
    # The neighbour is there, and answers to those who may ask: the test looks at the right address.
    assert engine_api.containers.get(f"{where.name}.hub").exec_run(
        ["python", "-c", CONNECT, f"{address}:8888"]
    ).output.decode().split() == ["reached"]


def test_the_desk_resolves_no_outside_name(desk_container):
    done = desk_container.exec_run(["python", "-c", "import socket; socket.gethostbyname('deb.debian.org')"])
    assert done.exit_code != 0


def test_a_template_run_has_the_same_isolation(engine_api, module_project, running_site):
    """The rules that every body is held to, asked of what the run's module writes; the live one is in test_runs."""
    from hub_config.portal import run_engine  # noqa: PLC0415
    from provisioning.registry.access import Quotas  # noqa: PLC0415
    from provisioning.registry.models import Run, Template  # noqa: PLC0415

    template = Template(name="aa", version="1.0.0", digest="sha256:" + "0" * 64, folder="aa/1.0.0")
    run = Run(id="0" * 32, project="pp", requested_by="uu", template=template, extracts=[], parameters={})
    run.language = "en"
    body = run_engine.body(
        run, Quotas(1, isolation.GIB, 64, 0, 1, 1, isolation.GIB), "carrel", {"name": "i", "digest": "d"}
    )
    assert breaches(body) == []
