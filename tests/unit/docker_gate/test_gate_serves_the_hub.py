"""What hub and portal ask for through docker-py is what the gate lets through: both ends are real."""

from __future__ import annotations

import asyncio
import ipaddress
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from hub_config import naming
from hub_config.desk_parts import DeskParts, PartFailed, reason
from hub_config.portal import run_engine
from provisioning.registry.access import Quotas

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the gate gives folders to other uids")

NAMES = naming.DeskNames("t", "heart", "li-wei")


@pytest.fixture
def client(gate) -> Iterator[docker.APIClient]:
    made = docker.APIClient(base_url=f"http+unix://{gate.ask.path}", version="1.41", timeout=20)
    yield made
    made.close()


@pytest.fixture
def parts(gate, client) -> DeskParts:
    async def call(method: str, *arguments: Any, **options: Any) -> Any:
        work = lambda: getattr(client, method)(*arguments, **options)  # noqa: E731
        return await asyncio.get_running_loop().run_in_executor(gate.ask.threads, work)

    return DeskParts(NAMES, call, ipaddress.IPv4Network("10.213.0.0/24"))


def there(engine) -> set[str]:
    """What of this desk the engine has."""
    return {
        name
        for things in (engine.containers, engine.networks, engine.volumes)
        for name in things
        if name.startswith("t.") and name.endswith(".heart.li-wei")
    }


async def test_the_parts_of_a_desk_are_made_and_removed_through_the_gate(gate, parts):
    await parts.make_sockets()
    await parts.make_network()
    assert await parts.make_engine(gate.bodies.engine())
    assert there(gate.engine) == {NAMES.sockets, NAMES.network, NAMES.engine}
    assert set(gate.engine.networks[NAMES.network]["Containers"]) == {"t.proxy", "t.hub"}
    assert gate.engine.containers[NAMES.engine]["State"]["Running"]
    await parts.remove_all()
    assert there(gate.engine) == set()
    assert {"t.proxy", "t.hub", "t.portal", "t.gate"} <= set(gate.engine.containers)


async def test_making_and_removing_can_be_run_again(gate, parts):
    for _ in range(2):
        await parts.make_network()
        await parts.make_engine(gate.bodies.engine())
    creations = [call.path for call in gate.engine.reached if call.path.endswith("/create")]
    assert sorted(path.split("/")[-2] for path in creations) == ["containers", "networks", "volumes"]
    for _ in range(2):
        await parts.remove_all()
    assert there(gate.engine) == set()


async def test_the_networks_of_other_people_are_passed_by(gate, parts):
    free = "10.213.0.248/29"
    every = {str(subnet) for subnet in ipaddress.IPv4Network("10.213.0.0/24").subnets(new_prefix=29)}
    gate.engine.busy_subnets |= every - {free}
    await parts.make_network()
    assert gate.engine.networks[NAMES.network]["Created"]["IPAM"]["Config"] == [{"Subnet": free}]


async def test_a_range_without_a_free_network_is_one_line_that_says_what_to_set(gate, parts):
    gate.engine.busy_subnets |= {f"10.213.0.{8 * number}/29" for number in range(32)}
    with pytest.raises(PartFailed, match=r"no free network for a desk in 10\.213\.0\.0/24; give CARREL_DESK"):
        await parts.make_network()


async def test_the_gates_line_is_the_reason_that_the_hub_shows(gate, parts):
    (gate.data / "extracts/bloods/v1/bloods.parquet").write_bytes(b"changed")
    with pytest.raises(APIError) as caught:
        await parts.make_engine(gate.bodies.engine())
    assert "bloods.parquet changed since the extract was registered" in reason(caught.value)


async def test_a_desk_is_made_through_the_gate(gate, parts, client):
    await parts.make_network()
    created = await parts.docker("create_container_from_config", gate.bodies.desk(), NAMES.desk)
    await parts.docker("start", NAMES.desk)
    shown = await parts.docker("inspect_container", NAMES.desk)
    assert (shown["Id"], shown["State"]["Running"]) == (created["Id"], True)


async def test_what_is_missing_is_missing_to_docker_py_as_well(parts):
    with pytest.raises(ImageNotFound):
        await parts.docker("inspect_image", "carrel/engine-imaging:0.1.0")
    for kind, name in {"container": "database", "network": "bridge"}.items():
        with pytest.raises(NotFound):
            await parts.docker(f"inspect_{kind}", name)


async def test_a_run_is_carried_out_as_the_portals_worker_does(gate, parts):
    run = SimpleNamespace(
        id="0123456789abcdef" * 2,
        project="heart",
        requested_by="li-wei",
        template=SimpleNamespace(name="means", version="1.0.0", digest="d", folder="means/1.0.0"),
        extracts=[{"name": "bloods", "version": 1, "digest": gate.bodies.digest, "folder": "bloods/v1"}],
        parameters={"digits": 2},
        language="zh_CN",
    )
    quotas = Quotas(cpu=1.5, memory_bytes=2**31, pids=256, gpus=1, max_runs=2, max_desks=2, disk_bytes=2**33)
    image = {"name": "carrel/engine-stats:0.1.0", "digest": "sha256:0"}
    name = naming.run_engine_name("t", run.id)
    await parts.docker("create_container_from_config", run_engine.body(run, quotas, "t", image), name)
    await parts.docker("start", name)
    listed = await parts.docker("containers", all=True, filters={"label": ["carrel.role=run-engine"]})
    assert [container["Labels"]["carrel.run"] for container in listed] == [run.id]
    gate.engine.ended.set()
    assert await parts.docker("wait", name) == {"StatusCode": 3}
    await parts.docker("remove_container", name, force=True, v=True)
    assert name not in gate.engine.containers
