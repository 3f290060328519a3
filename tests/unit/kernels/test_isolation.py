"""`breaches` finds every way in which an engine's create body could be made weaker."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kernels.isolation import Limits, Mount, breaches, engine_container


@pytest.fixture
def body() -> dict[str, Any]:
    return engine_container(
        image="carrel/engine-base:0",
        role="engine",
        mounts=[Mount("extracts/a/v1", "/data/a"), Mount("v", "/run/carrel", read_only=False, kind="volume")],
        limits=Limits(gpus=1),
        labels={"carrel.site": "t"},
        environment={"A": "b"},
        restart_attempts=5,
    )


def test_what_the_module_writes_keeps_its_own_rules(body):
    assert breaches(body) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Privileged", True),
        ("NetworkMode", "host"),
        ("NetworkMode", "bridge"),
        ("NetworkMode", "container:other"),
        ("ReadonlyRootfs", False),
        ("CapDrop", []),
        ("CapAdd", ["SYS_ADMIN"]),
        ("SecurityOpt", []),
        ("SecurityOpt", ["no-new-privileges:true", "seccomp=unconfined"]),
        ("PidMode", "host"),
        ("IpcMode", "host"),
        ("UsernsMode", "host"),
        ("UTSMode", "host"),
        ("CgroupParent", "/"),
        ("Binds", ["/:/host"]),
        ("VolumesFrom", ["other"]),
        ("Devices", [{"PathOnHost": "/dev/sda"}]),
        ("DeviceCgroupRules", ["a *:* rwm"]),
        ("Sysctls", {"net.ipv4.ip_forward": "1"}),
        ("Runtime", "other"),
        ("Memory", 0),
        ("Memory", -1),
        ("MemorySwap", -1),
        ("PidsLimit", 0),
        ("PidsLimit", None),
        ("NanoCpus", 0),
        ("OomKillDisable", True),
        ("OomScoreAdj", -900),
        ("Tmpfs", {"/tmp": "rw,nosuid,nodev"}),
        ("Tmpfs", {"/tmp": "rw,size=1"}),
        ("Tmpfs", {"/tmp": "rw,nosuid,nodev,size=1", "/etc": "rw"}),
        ("RestartPolicy", {"Name": "always"}),
        ("LogConfig", {"Type": "syslog", "Config": {"syslog-address": "udp://attacker"}}),
        ("DeviceRequests", [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}]),
        ("PortBindings", {"80/tcp": [{}]}),
        ("SomethingNewIn2030", True),
    ],
)
def test_each_weaker_host_setting_is_a_breach(body, key, value):
    body["HostConfig"][key] = value
    assert breaches(body), f"{key}={value!r} went through"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("User", "0:0"),
        ("User", ""),
        ("NetworkDisabled", False),
        ("Entrypoint", ["/bin/sh"]),
        ("NetworkingConfig", {"EndpointsConfig": {"bridge": {}}}),
        ("ExposedPorts", {"80/tcp": {}}),
        ("Volumes", {"/var": {}}),
        ("HostConfig", None),
    ],
)
def test_each_weaker_body_setting_is_a_breach(body, key, value):
    body[key] = value
    assert breaches(body), f"{key}={value!r} went through"


@pytest.mark.parametrize(
    "removed", ["NetworkMode", "ReadonlyRootfs", "CapDrop", "SecurityOpt", "Memory", "PidsLimit"]
)
def test_a_setting_left_out_is_a_breach(body, removed):
    del body["HostConfig"][removed]
    assert breaches(body)


@pytest.mark.parametrize(
    "mount",
    [
        {"Type": "npipe", "Source": "a", "Target": "/b", "ReadOnly": True},
        {"Type": "bind", "Source": "a", "Target": "/b", "ReadOnly": True},
        {
            "Type": "bind",
            "Source": "a",
            "Target": "/b",
            "ReadOnly": True,
            "BindOptions": {"Propagation": "shared"},
        },
        {
            "Type": "volume",
            "Source": "a",
            "Target": "/b",
            "VolumeOptions": {"DriverConfig": {"Name": "local"}},
        },
        "a:/b",
    ],
)
def test_a_mount_with_other_settings_is_a_breach(body, mount):
    body["HostConfig"]["Mounts"].append(mount)
    assert breaches(body)


def test_breaches_leaves_the_body_as_it_was(body):
    before = copy.deepcopy(body)
    breaches(body)
    assert body == before
