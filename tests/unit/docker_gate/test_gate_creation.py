"""What may be made through the gate: each body is held to its rules before the engine sees it."""

from __future__ import annotations

import copy
import os
from typing import Any

import pytest

ROLES = ["engine", "run_engine", "desk"]
root = pytest.mark.skipif(os.geteuid() != 0, reason="the gate gives folders to other uids")


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """``body`` with the value at ``path`` (keys, with a dot between) set; `LEFT_OUT` takes the key away."""
    made = copy.deepcopy(body)
    *above, last = path.split(".")
    inner = made
    for key in above:
        inner = inner[key]
    if value is LEFT_OUT:
        del inner[last]
    else:
        inner[last] = value
    return made


LEFT_OUT = object()


async def refused(gate, role: str, body: dict[str, Any], *lines: str, name: str | None = None) -> None:
    answer = await gate.create(role, body, name)
    assert answer.status == 403, answer.content
    for line in lines:
        assert line in answer.line
    assert gate.engine.reached == []


@root
@pytest.mark.parametrize("role", ROLES)
async def test_a_container_as_hub_and_portal_write_it_is_made_with_its_mounts_resolved(gate, role):
    body = getattr(gate.bodies, role)()
    answer = await gate.create(role)
    assert answer.status == 201, answer.content
    made = gate.created
    mounts, wanted = made["HostConfig"].pop("Mounts"), body["HostConfig"].pop("Mounts")
    assert made == body, "nothing else is changed on its way"
    for mount, asked in zip(mounts, wanted, strict=True):
        bind = asked["Type"] == "bind"
        assert mount == {**asked, "Source": f"/host/data/{asked['Source']}" if bind else asked["Source"]}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("HostConfig.Privileged", True),
        ("HostConfig.NetworkMode", "host"),
        ("HostConfig.NetworkMode", "bridge"),
        ("HostConfig.NetworkMode", "container:t.hub"),
        ("HostConfig.NetworkMode", "t_control"),
        ("HostConfig.NetworkMode", LEFT_OUT),
        ("HostConfig.PidMode", "host"),
        ("HostConfig.PidMode", "container:t.gate"),
        ("HostConfig.IpcMode", "host"),
        ("HostConfig.UsernsMode", "host"),
        ("HostConfig.UTSMode", "host"),
        ("HostConfig.CgroupnsMode", "host"),
        ("HostConfig.CapAdd", ["SYS_ADMIN"]),
        ("HostConfig.CapDrop", []),
        ("HostConfig.SecurityOpt", ["no-new-privileges:true", "apparmor=unconfined"]),
        ("HostConfig.SecurityOpt", LEFT_OUT),
        ("HostConfig.ReadonlyRootfs", False),
        ("HostConfig.ReadonlyPaths", []),
        ("HostConfig.MaskedPaths", []),
        ("HostConfig.Devices", [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda"}]),
        ("HostConfig.Binds", ["/:/host"]),
        ("HostConfig.Binds", ["/var/run/docker.sock:/var/run/docker.sock"]),
        ("HostConfig.VolumesFrom", ["t.hub"]),
        ("HostConfig.Links", ["t.hub:hub"]),
        ("HostConfig.ExtraHosts", ["hub:10.0.0.1"]),
        ("HostConfig.PortBindings", {"8888/tcp": [{"HostPort": "80"}]}),
        ("HostConfig.PublishAllPorts", True),
        ("HostConfig.Runtime", "other"),
        ("HostConfig.Sysctls", {"net.ipv4.ip_forward": "1"}),
        ("HostConfig.CgroupParent", "/"),
        ("HostConfig.Memory", 0),
        ("HostConfig.MemorySwap", -1),
        ("HostConfig.PidsLimit", -1),
        ("HostConfig.RestartPolicy", {"Name": "always"}),
        ("HostConfig.LogConfig", {"Type": "none", "Config": {}}),
        ("HostConfig.privileged", True),
        ("HostConfig", LEFT_OUT),
        ("HostConfig", []),
        ("hostconfig", {"Privileged": True}),
        ("Privileged", True),
        ("Entrypoint", ["/bin/sh"]),
        ("NetworkingConfig", {"EndpointsConfig": {"bridge": {}}}),
        ("Volumes", {"/host": {}}),
        ("ExposedPorts", {"80/tcp": {}}),
        ("Healthcheck", {"Test": ["CMD-SHELL", "id"]}),
        ("OnBuild", ["RUN id"]),
        ("User", "0:0"),
        ("User", "root"),
        ("User", ""),
    ],
)
async def test_a_weaker_container_of_any_role_is_not_made(gate, role, path, value):
    await refused(gate, role, changed(getattr(gate.bodies, role)(), path, value))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "image",
    [
        "debian:bookworm",
        "carrel/hub:0.1.0",
        "carrel/proxy:0.1.0",
        "carrel/base:0.1.0",
        "registry.evil/carrel/engine-stats",
        "../carrel/engine-stats",
        "engine-stats",
        "sha256:" + "0" * 64,
        "",
        None,
        ["carrel/desk:0.1.0", "carrel/engine-stats:0.1.0"],
    ],
)
async def test_another_image_is_not_started(gate, role, image):
    body = {**getattr(gate.bodies, role)(), "Image": image}
    await refused(gate, role, body, "may not run the image")


async def test_a_users_code_and_the_guard_never_swap_images(gate):
    await refused(gate, "engine", {**gate.bodies.engine(), "Image": "carrel/desk:0.1.0"}, "may not run")
    await refused(gate, "desk", {**gate.bodies.desk(), "Image": "carrel/engine-base:0.1.0"}, "may not run")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "name",
    ["t.hub", "t.desk.heart.ma-chao", "t.engine.lung.li-wei", "other.engine.heart.li-wei", "x", "t.gate"],
)
async def test_a_container_has_the_name_of_its_labels_and_no_other(gate, role, name):
    await refused(gate, role, getattr(gate.bodies, role)(), "this container must be called", name=name)


async def test_a_container_without_a_name_is_not_made(gate):
    for query in ("", "?name="):
        answer = await gate.ask("POST", f"/containers/create{query}", gate.bodies.engine())
        assert (answer.status, gate.engine.reached) == (403, [])


async def test_no_other_argument_goes_with_a_creation(gate):
    target = "/containers/create?name=t.engine.heart.li-wei&platform=linux/arm64"
    answer = await gate.ask("POST", target, gate.bodies.engine())
    assert (answer.status, answer.line) == (
        403,
        "the query arguments platform are not ones that a site needs",
    )
    assert gate.engine.reached == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("carrel.site", "other"),
        ("carrel.site", None),
        ("carrel.role", "part"),
        ("carrel.role", "gate"),
        ("carrel.role", None),
        ("carrel.project", "../lung"),
        ("carrel.project", ""),
        ("carrel.project", None),
        ("carrel.account", "li.wei"),
        ("carrel.account", "Li-Wei"),
        ("carrel.account", None),
    ],
)
async def test_a_container_with_other_labels_is_not_made(gate, role, label, value):
    body = getattr(gate.bodies, role)()
    body["Labels"][label] = value
    if value is None:
        del body["Labels"][label]
    await refused(gate, role, body)


@pytest.mark.parametrize("labels", [None, [], "carrel.site=t", {}])
async def test_labels_of_another_shape_are_refused(gate, labels):
    await refused(
        gate, "engine", {**gate.bodies.engine(), "Labels": labels}, "the label carrel.site must be t"
    )


@pytest.mark.parametrize("run", ["", "abc", "0" * 31, "G" * 32, "../" + "0" * 29, None])
async def test_a_run_has_a_runs_id(gate, run):
    body = gate.bodies.run_engine()
    body["Labels"]["carrel.run"] = run
    await refused(gate, "run_engine", body, "not a run's id", name=f"t.run.{run}")


async def test_a_desk_is_on_its_own_network_and_not_on_anothers(gate):
    body = gate.bodies.desk()
    body["HostConfig"]["NetworkMode"] = "t.network.heart.ma-chao"
    await refused(gate, "desk", body, "a desk is on its own network t.network.heart.li-wei and no other")


async def test_a_desk_gets_no_gpu(gate):
    body = gate.bodies.desk()
    body["HostConfig"]["DeviceRequests"] = [{"Driver": "nvidia", "Count": 1, "Capabilities": [["gpu"]]}]
    await refused(gate, "desk", body, "DeviceRequests")


@root
async def test_an_engine_may_have_gpus(gate):
    body = gate.bodies.engine(gpus=2)
    assert (await gate.create("engine", body)).status == 201
    assert gate.created["HostConfig"]["DeviceRequests"][0]["Count"] == 2


@pytest.mark.parametrize("requests", [[{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}], [{}]])
async def test_all_gpus_at_once_are_not_given(gate, requests):
    body = gate.bodies.engine()
    body["HostConfig"]["DeviceRequests"] = requests
    await refused(gate, "engine", body, "GPUs")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "ulimits",
    [
        LEFT_OUT,
        [],
        [{"Name": "rtprio", "Soft": 99, "Hard": 99}],
        [{"Name": "core", "Soft": -1, "Hard": -1}],
        [{"Name": "memlock", "Soft": -1, "Hard": -1}],
    ],
)
async def test_a_container_with_other_ulimits_is_not_made(gate, role, ulimits):
    await refused(gate, role, changed(getattr(gate.bodies, role)(), "HostConfig.Ulimits", ulimits))


@pytest.mark.parametrize(
    "policy",
    [
        {"Name": "on-failure", "MaximumRetryCount": 0},
        {"Name": "on-failure"},
        {"Name": "no", "name": "always"},
    ],
)
async def test_a_container_that_is_started_again_for_ever_is_not_made(gate, policy):
    await refused(gate, "engine", changed(gate.bodies.engine(), "HostConfig.RestartPolicy", policy))


@pytest.mark.parametrize("options", ["rw,nosuid,nodev,size=1,suid,dev", "nosuid,nodev,size=1,dev"])
async def test_a_tmpfs_that_takes_back_what_it_says_is_not_made(gate, options):
    body = changed(gate.bodies.engine(), "HostConfig.Tmpfs", {"/tmp": options})
    await refused(gate, "engine", body)


@pytest.mark.parametrize(("key", "value"), [("Mounts", 5), ("DeviceRequests", 5)])
async def test_a_body_of_a_wrong_shape_is_refused_and_no_error_of_the_gates(gate, key, value):
    await refused(gate, "engine", changed(gate.bodies.engine(), f"HostConfig.{key}", value))


async def test_a_desks_network_is_made_as_the_hub_writes_it(gate):
    body = gate.bodies.network()
    answer = await gate.ask("POST", "/networks/create", body)
    assert answer.status == 201
    assert gate.engine.reached[-1].body == body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Internal", False),
        ("Internal", LEFT_OUT),
        ("Driver", "host"),
        ("Driver", "macvlan"),
        ("Driver", LEFT_OUT),
        ("Name", "t.network.heart.ma-chao"),
        ("Name", "t_control"),
        ("Name", "bridge"),
        ("CheckDuplicate", False),
        ("Options", {}),
        ("Options", LEFT_OUT),
        ("Options", {"com.docker.network.bridge.name": "docker0"}),
        ("Options", {"com.docker.network.bridge.inhibit_ipv4": "false"}),
        ("Labels", {"carrel.site": "t"}),
        ("Labels", {}),
        ("Attachable", True),
        ("Ingress", True),
        ("EnableIPv6", True),
        ("Scope", "swarm"),
        ("ConfigFrom", {"Network": "other"}),
        ("IPAM", LEFT_OUT),
        ("IPAM", {}),
        ("IPAM", {"Config": []}),
        ("IPAM", {"Config": None}),
        ("IPAM", []),
    ],
)
async def test_another_network_is_not_made(gate, path, value):
    answer = await gate.ask("POST", "/networks/create", changed(gate.bodies.network(), path, value))
    assert answer.status == 403
    assert gate.engine.reached == []


@pytest.mark.parametrize(
    "configs",
    [
        [{"Subnet": "10.213.0.0/24"}],
        [{"Subnet": "10.213.0.0/28"}],
        [{"Subnet": "10.213.0.0/30"}],
        [{"Subnet": "10.213.1.0/29"}],
        [{"Subnet": "172.17.0.0/29"}],
        [{"Subnet": "0.0.0.0/0"}],
        [{"Subnet": "10.213.0.3/29"}],
        [{"Subnet": "fd00::/125"}],
        [{"Subnet": "10.213.0.0/29"}, {"Subnet": "10.213.0.8/29"}],
        [{"Subnet": "10.213.0.0/29", "Gateway": "10.213.0.1"}],
        [{"Subnet": "10.213.0.0/29", "IPRange": "10.0.0.0/8"}],
        [{"Subnet": "10.213.0.0/29", "AuxiliaryAddresses": {"hub": "10.213.0.2"}}],
        [{"Subnet": None}],
        [{}],
        ["10.213.0.0/29"],
    ],
)
async def test_a_network_that_is_not_one_slash_29_of_the_sites_range_is_not_made(gate, configs):
    body = changed(gate.bodies.network(), "IPAM.Config", configs)
    answer = await gate.ask("POST", "/networks/create", body)
    assert (answer.status, answer.line) == (403, "a desk's network is one /29 of 10.213.0.0/24")
    assert gate.engine.reached == []


async def test_a_socket_volume_is_made_as_the_hub_writes_it(gate):
    body = gate.bodies.volume()
    answer = await gate.ask("POST", "/volumes/create", body)
    assert answer.status == 201
    assert gate.engine.reached[-1].body == body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Name", "t_registry"),
        ("Name", "t.sockets.heart.ma-chao"),
        ("Name", LEFT_OUT),
        ("Driver", "other"),
        ("Driver", LEFT_OUT),
        ("DriverOpts", {}),
        ("DriverOpts", LEFT_OUT),
        ("DriverOpts", {"type": "none", "o": "bind", "device": "/"}),
        ("DriverOpts", {"type": "tmpfs", "device": "tmpfs"}),
        ("DriverOpts", {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/"}),
        ("Labels", {"carrel.site": "other"}),
        ("ClusterVolumeSpec", {"Group": "x"}),
    ],
)
async def test_another_volume_is_not_made(gate, path, value):
    answer = await gate.ask("POST", "/volumes/create", changed(gate.bodies.volume(), path, value))
    assert answer.status == 403
    assert gate.engine.reached == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("network", {"internal": False}),
        ("network", {"INTERNAL": False}),
        ("network", {"options": None}),
        ("network", {"ipam": None}),
        ("network", {"labels": None}),
        ("volume", {"driveropts": None}),
        ("volume", {"labels": None}),
    ],
)
async def test_a_network_or_volume_says_nothing_twice(gate, kind, more):
    answer = await gate.ask("POST", f"/{kind}s/create", {**getattr(gate.bodies, kind)(), **more})
    assert answer.status == 403
    assert gate.engine.reached == []


@pytest.mark.parametrize(
    "more",
    [
        {"config": [{"Subnet": "10.0.0.0/8", "Gateway": "10.0.0.1"}]},
        {"Driver": "null"},
        {"Options": {"foo": "bar"}},
    ],
)
async def test_a_networks_addresses_come_from_nowhere_else(gate, more):
    body = gate.bodies.network()
    body["IPAM"] |= more
    answer = await gate.ask("POST", "/networks/create", body)
    assert answer.status == 403
    assert gate.engine.reached == []
