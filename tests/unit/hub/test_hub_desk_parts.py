"""The Docker parts of one desk: making and removing them can be run again, whatever is there."""

from __future__ import annotations

import ipaddress
import random

import pytest
from docker.errors import APIError
from hub_docker import Docker, api_error

from hub_config.desk_parts import DeskParts, PartFailed, reason, recipe
from hub_config.docker_gate.creation import NETWORK_OPTIONS, SOCKET_OPTIONS
from hub_config.naming import DeskNames
from kernels.isolation import Limits, Mount, engine_container

NAMES = DeskNames("t", "heart", "li-wei")


@pytest.fixture
def docker() -> Docker:
    return Docker()


@pytest.fixture
def parts(docker) -> DeskParts:
    return DeskParts(NAMES, docker, ipaddress.IPv4Network("10.213.0.0/24"))


def engine(memory: int = 2**31) -> dict:
    return engine_container(
        image="carrel/engine-stats:0.1.0",
        role="engine",
        mounts=[Mount(NAMES.sockets, "/run/carrel", read_only=False, kind="volume")],
        limits=Limits(memory=memory),
        labels=NAMES.labels("engine"),
    )


async def make_all(parts: DeskParts) -> None:
    await parts.make_sockets()
    await parts.make_network()
    await parts.make_engine(engine())


async def test_making_twice_makes_one_of_each(parts, docker):
    await make_all(parts)
    await make_all(parts)
    assert docker.desks == {NAMES.sockets, NAMES.network, NAMES.engine}
    assert docker.calls.count(f"create_network {NAMES.network}") == 1
    assert docker.calls.count(f"start {NAMES.engine}") == 1


async def test_the_network_is_internal_without_an_address_of_its_own_and_holds_proxy_and_hub(parts, docker):
    await parts.make_network()
    network = docker.networks[NAMES.network]
    assert network["internal"] is True
    assert network["options"] == NETWORK_OPTIONS
    assert {name: member["Aliases"] for name, member in network["Containers"].items()} == {
        "t.proxy": ["proxy"],
        "t.hub": ["hub"],
    }
    assert docker.volumes == {}


async def test_the_socket_volume_is_small_and_in_memory(parts, docker):
    await parts.make_sockets()
    assert docker.volumes[NAMES.sockets] == {"Labels": NAMES.labels("sockets"), "Options": SOCKET_OPTIONS}
    assert "size=1m" in SOCKET_OPTIONS["o"]


async def test_guests_that_were_made_anew_join_again_and_those_that_are_there_do_not(parts, docker):
    await parts.make_network()
    del docker.networks[NAMES.network]["Containers"]["t.proxy"]
    docker.calls.clear()
    await parts.connect_guests()
    assert set(docker.networks[NAMES.network]["Containers"]) == {"t.proxy", "t.hub"}
    joined = [call for call in docker.calls if call.startswith("connect")]
    assert joined == [f"connect_container_to_network t.proxy {NAMES.network}"]


async def test_guests_have_nothing_to_join_without_a_network(parts, docker):
    await parts.connect_guests()
    assert docker.calls == [f"inspect_network {NAMES.network}"]


async def test_an_engine_that_runs_as_it_should_is_kept(parts, docker):
    assert await parts.make_engine(engine())
    before = docker.containers[NAMES.engine]
    assert not await parts.make_engine(engine())
    assert docker.containers[NAMES.engine] is before


async def test_an_engine_that_should_be_another_is_replaced(parts, docker):
    await parts.make_engine(engine())
    assert await parts.make_engine(engine(memory=2**32))
    assert docker.containers[NAMES.engine]["Config"]["HostConfig"]["Memory"] == 2**32
    assert docker.containers[NAMES.engine]["State"]["Running"]


async def test_an_engine_that_has_ended_is_made_anew(parts, docker):
    await parts.make_engine(engine())
    docker.containers[NAMES.engine]["State"]["Running"] = False
    assert await parts.make_engine(engine())
    assert docker.containers[NAMES.engine]["State"]["Running"]


def test_a_recipe_is_that_of_what_is_in_a_body_and_not_of_its_order():
    one = {"a": 1, "b": {"c": [1, 2]}}
    assert recipe(one) == recipe({"b": {"c": [1, 2]}, "a": 1})
    assert recipe(one) != recipe({"a": 1, "b": {"c": [2, 1]}})


async def test_removing_leaves_nothing_of_the_desk_and_all_of_the_rest(parts, docker):
    await make_all(parts)
    others = set(docker.containers) - docker.desks
    await parts.remove_all()
    assert docker.desks == set()
    assert set(docker.containers) == others


async def test_removing_what_is_gone_is_no_error(parts, docker):
    await parts.remove_all()
    await make_all(parts)
    await parts.remove_all()
    await parts.remove_all()
    assert docker.desks == set()


@pytest.mark.parametrize("gone", ["sockets", "network", "engine", "t.proxy", "t.hub"])
async def test_removing_what_is_partly_gone_removes_the_rest(parts, docker, gone):
    await make_all(parts)
    if gone.startswith("t."):
        del docker.networks[NAMES.network]["Containers"][gone]
    else:
        for things in (docker.containers, docker.networks, docker.volumes):
            things.pop(getattr(NAMES, gone), None)
    await parts.remove_all()
    assert docker.desks == set()


async def test_keeping_the_engine_keeps_its_sockets_as_well(parts, docker):
    await make_all(parts)
    await parts.remove_all(keep_engine=True)
    assert docker.desks == {NAMES.engine, NAMES.sockets}
    assert docker.containers[NAMES.engine]["State"]["Running"]


@pytest.mark.parametrize("call", ["remove_container", "remove_network", "remove_volume"])
async def test_what_docker_refuses_to_remove_is_an_error(parts, docker, call):
    await make_all(parts)
    docker.failing[call] = api_error("driver failed")
    with pytest.raises(APIError):
        await parts.remove_all()


async def test_one_part_that_cannot_be_removed_does_not_keep_the_others(parts, docker):
    await make_all(parts)
    docker.failing["remove_network"] = api_error("network has active endpoints", 403)
    with pytest.raises(APIError):
        await parts.remove_all()
    assert docker.desks == {NAMES.network}


async def test_a_range_with_one_free_network_left_has_it_found(parts, docker):
    free = "10.213.0.64/29"
    docker.busy_subnets = {f"10.213.0.{8 * number}/29" for number in range(32)} - {free}
    await parts.make_network()
    assert docker.networks[NAMES.network]["Subnet"] == free


async def test_a_range_without_a_free_network_is_one_line_that_says_what_to_set(parts, docker):
    docker.busy_subnets = {f"10.213.0.{8 * number}/29" for number in range(32)}
    with pytest.raises(PartFailed) as caught:
        await parts.make_network()
    assert str(caught.value) == (
        "no free network for a desk in 10.213.0.0/24; give CARREL_DESK_SUBNETS a larger range"
    )
    assert len([call for call in docker.calls if call.startswith("create_network")]) == 32, "each once"


async def test_an_error_that_is_no_overlap_is_not_tried_again(parts, docker):
    docker.failing["create_network"] = api_error("Docker is out of order")
    with pytest.raises(APIError):
        await parts.make_network()
    assert len([call for call in docker.calls if call.startswith("create_network")]) == 1


async def test_a_free_network_is_found_in_a_large_range_as_well(docker, monkeypatch):
    monkeypatch.setattr(random, "randrange", lambda count: 0)
    parts = DeskParts(NAMES, docker, ipaddress.IPv4Network("10.213.0.0/22"))
    docker.busy_subnets = {str(n) for n in list(parts.subnets.subnets(new_prefix=29))[:100]}
    await parts.make_network()
    assert NAMES.network in docker.networks


async def test_a_range_that_holds_no_network_is_the_same_line(docker):
    parts = DeskParts(NAMES, docker, ipaddress.IPv4Network("10.213.0.0/30"))
    with pytest.raises(PartFailed, match="CARREL_DESK_SUBNETS"):
        await parts.make_network()


@pytest.mark.parametrize(
    ("explanation", "line"),
    [
        ("only one line", "only one line"),
        ("first\nsecond", "first"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_a_reason_is_the_first_line_of_what_docker_said(explanation, line):
    assert reason(api_error(explanation)) == line
