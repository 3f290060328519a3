"""Each of the doctor's checks, where all is well and where it is not."""

from __future__ import annotations

import copy
import json
import os
import time
from pathlib import Path

import pytest

from hub_config.desk_container import desk_container
from images.recipe import IMAGES, RECIPE_LABEL
from kernels.isolation import Limits, Mount, engine_container
from provisioning import tls
from provisioning.host import __main__ as command
from provisioning.host import doctor
from provisioning.host.doctor import containers, data, machine, networks, trail, transport
from provisioning.host.doctor.finding import Patient, fail, ok

INFO = {
    "ServerVersion": "20.10.24+dfsg1",
    "MemoryLimit": True,
    "SwapLimit": True,
    "CpuCfsQuota": True,
    "PidsLimit": True,
    "SecurityOptions": ["name=seccomp,profile=default"],
}
DATA = Path("/srv/data")


def patient(place, **changes) -> Patient:
    made = Patient(place)
    made.__dict__["info"] = {**INFO, **changes}
    return made


def states(found) -> list[str]:
    return [each.state for each in found]


def inspected(role: str, body: dict | None = None) -> dict:
    """What Docker shows of a running container made from Carrel's own create body."""
    if role == "desk":
        made = desk_container(
            image="i",
            network="carrel.network.heart.li-wei",
            mounts=[Mount("/srv/data/workspaces/heart/li-wei", "/workspace", read_only=False)],
            labels={"carrel.role": "desk"},
            environment={},
            command=["x"],
        )
    else:
        target = "/run" if role == "run-engine" else "/workspace"
        made = engine_container(
            image="i",
            role=role,
            mounts=[
                Mount("/srv/data/workspaces/heart/li-wei", target, read_only=False),
                Mount("/srv/data/extracts/bloods/v1", "/data/bloods"),
            ],
            limits=Limits(),
            labels={},
        )
    host = {
        **{key: fine[0] for key, fine in containers.NOTHING.items()},
        **made["HostConfig"],
        **(body or {}),
    }
    mounts = [
        {"Type": m["Type"], "Source": m["Source"], "Destination": m["Target"], "RW": not m["ReadOnly"]}
        for m in made["HostConfig"]["Mounts"]
    ]
    network = made["HostConfig"]["NetworkMode"]
    return {
        "Name": f"/carrel.{role}.heart.li-wei",
        "Config": {**made, "HostConfig": None},
        "HostConfig": host,
        "Mounts": mounts,
        "NetworkSettings": {"Networks": {network: {}}},
        "State": {"Pid": 1},
    }


@pytest.mark.parametrize("role", ["desk", "engine", "run-engine"])
def test_a_container_as_the_code_writes_it_has_no_deviation(role):
    assert containers.deviations(inspected(role), DATA) == []


WEAKER = [
    ({"Privileged": True}, "Privileged"),
    ({"CapAdd": ["SYS_ADMIN"]}, "CapAdd"),
    ({"CapDrop": []}, "CapDrop"),
    ({"SecurityOpt": []}, "SecurityOpt"),
    ({"SecurityOpt": ["no-new-privileges:true", "seccomp=unconfined"]}, "SecurityOpt"),
    ({"ReadonlyRootfs": False}, "ReadonlyRootfs"),
    ({"PidMode": "host"}, "PidMode"),
    ({"IpcMode": "host"}, "IpcMode"),
    ({"Devices": [{"PathOnHost": "/dev/sda"}]}, "Devices"),
    ({"Memory": 0, "MemorySwap": 0}, "Memory is not limited"),
    ({"NanoCpus": 0}, "NanoCpus is not limited"),
    ({"PidsLimit": None}, "PidsLimit is not limited"),
    ({"MemorySwap": -1}, "swap"),
    ({"PortBindings": {"80/tcp": [{"HostPort": "80"}]}}, "port"),
    ({"Tmpfs": {"/tmp": "", "/x": ""}}, "tmpfs"),
    ({"ExtraHosts": ["x:1.2.3.4"]}, "ExtraHosts"),
]


@pytest.mark.parametrize("role", ["desk", "engine", "run-engine"])
@pytest.mark.parametrize(("change", "named"), WEAKER)
def test_every_deviation_is_named(role, change, named):
    (said,) = containers.deviations(inspected(role, change), DATA)
    assert named in said


@pytest.mark.parametrize("role", ["desk", "engine", "run-engine"])
def test_another_user_network_or_mount_is_named(role):
    def broken(change) -> str:
        made = copy.deepcopy(inspected(role))
        change(made)
        (said,) = containers.deviations(made, DATA)
        return said

    assert "root" in broken(lambda made: made["Config"].update(User=""))
    assert "bridge" in broken(lambda made: made["NetworkSettings"]["Networks"].update(bridge={}))
    outside = {"Type": "bind", "Source": "/etc", "Destination": "/x", "RW": False}
    assert "/etc of the host" in broken(lambda made: made["Mounts"].append(outside))
    if role != "desk":
        assert "/data/bloods is writable" in broken(lambda made: made["Mounts"][1].update(RW=True))
    else:
        extract = {**outside, "Source": "/srv/data/extracts/bloods/v1", "Destination": "/data/bloods"}
        assert "an extract" in broken(lambda made: made["Mounts"].append(extract))


def test_a_container_of_an_unknown_role_is_named():
    made = inspected("engine")
    made["Config"]["Labels"] = {"carrel.role": "other"}
    assert containers.deviations(made, DATA) == ["its role 'other' is not one of Carrel's"]


def service(name: str, **changes) -> dict:
    host = {key: fine[0] for key, fine in containers.NOTHING.items()}
    host |= {"CapDrop": ["ALL"], "ReadonlyRootfs": True, "SecurityOpt": ["no-new-privileges:true"]}
    if name in containers.CAPABILITIES:
        host |= {"CapAdd": sorted(containers.CAPABILITIES[name]), "NetworkMode": "none"}
    if name == "disks":
        loop = {"PathOnHost": "/dev/loop-control", "PathInContainer": "/dev/loop-control"}
        host |= {"Devices": [loop], "DeviceCgroupRules": ["b 7:* rwm"]}
    return {
        "Name": f"/carrel.{name}",
        "Config": {"Labels": {"carrel.role": "part"}, "Image": "i"},
        "HostConfig": {**host, **changes},
        "Mounts": [],
        "State": {"Pid": 1, "Health": {"Status": "healthy"}},
    }


def test_services_are_held_to_their_own_rules():
    for name in containers.SERVICES:
        assert containers.deviations(service(name), DATA) == []
    assert "capabilities" in containers.deviations(service("hub", CapAdd=["NET_ADMIN"]), DATA)[0]
    assert "writable" in containers.deviations(service("portal", ReadonlyRootfs=False), DATA)[0]
    assert "privileges" in containers.deviations(service("proxy", SecurityOpt=None), DATA)[0]
    assert "network" in containers.deviations(service("gate", NetworkMode="carrel_control"), DATA)[0]
    assert "network" in containers.deviations(service("disks", NetworkMode="bridge"), DATA)[0]
    assert "capabilities" in containers.deviations(service("gate", CapAdd=["SYS_ADMIN"]), DATA)[0]
    more = [{"PathOnHost": "/dev/vda"}]
    for name in ("disks", "gate"):
        assert "Devices" in containers.deviations(service(name, Devices=more), DATA)[0]
    assert "Rules" in containers.deviations(service("disks", DeviceCgroupRules=["a *:* rwm"]), DATA)[0]
    hub = service("hub")
    hub["Mounts"] = [{"Type": "bind", "Source": "/var/run/docker.sock", "Destination": "/x", "RW": True}]
    assert containers.deviations(hub, DATA) == ["it holds the Docker socket"]


def test_the_kernel_has_the_last_word(tmp_path):
    made = inspected("engine")
    folder = tmp_path / "1"
    folder.mkdir()
    fine = "Uid:\t2000\t2000\nCapEff:\t0\nCapBnd:\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n"
    for text, wrong in (
        (fine, 0),
        (fine.replace("CapEff:\t0", "CapEff:\t00000000a80425fb"), 1),
        (fine.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0"), 1),
        (fine.replace("Seccomp:\t2", "Seccomp:\t0"), 1),
        (fine.replace("2000", "0"), 1),
    ):
        (folder / "status").write_text(text)
        assert len(containers.process_deviations(made, tmp_path)) == wrong
    assert containers.process_deviations(made, tmp_path / "elsewhere") == []


def test_services_that_do_not_run_or_are_not_healthy(place):
    made = patient(place)
    made.__dict__["containers"] = [service(name) for name in containers.SERVICES]
    assert states(containers.services(made)) == ["ok"] * 5
    made.containers[0]["State"]["Health"]["Status"] = "starting"
    made.containers[1]["State"]["Health"]["Status"] = "unhealthy"
    made.containers.pop()
    assert states(containers.services(made)) == ["warn", "fail", "ok", "ok", "fail"]


def test_docker_and_its_limits(place):
    assert states(machine.docker_engine(patient(place))) == ["ok"]
    assert states(machine.docker_engine(patient(place, ServerVersion="19.03.1"))) == ["fail"]
    assert states(machine.docker_engine(patient(place, ServerVersion=""))) == ["fail"]
    assert states(machine.container_limits(patient(place))) == ["ok"]
    (said,) = machine.container_limits(patient(place, PidsLimit=False, SwapLimit=False))
    assert (said.state, "swap, processes" in said.text) == ("fail", True)
    assert states(machine.container_limits(patient(place, SecurityOptions=[]))) == ["fail"]


def test_room_on_a_disk(monkeypatch, tmp_path):
    def with_free(blocks: int, inodes: int, files: int = 1000) -> str:
        status = os.statvfs_result((4096, 4096, 1000, blocks, blocks, files, inodes, inodes, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda place: status)
        return machine.room("data", tmp_path / "not/there").state

    assert [with_free(500, 500), with_free(100, 500), with_free(10, 500)] == ["ok", "warn", "fail"]
    assert [with_free(500, 100), with_free(500, 10)] == ["warn", "fail"]
    assert with_free(500, 0, files=0) == "ok"


def test_clocks(programs, place):
    assert [machine.apart("x", s).state for s in (0.5, -1.9, 2.1, -31)] == ["ok", "ok", "warn", "fail"]
    assert [machine.ntp(said).state for said in ("yes", "no", None)] == ["ok", "fail", "warn"]
    now = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime())
    programs.answer("docker info", out=now + "\n")
    assert states(machine.clocks(patient(place))) == ["ok", "ok"]
    programs.answer("docker info", out="2020-01-01T00:00:00.123456789+08:00\n")
    assert states(machine.clocks(patient(place))) == ["fail", "ok"]
    assert not (place.var / ".clock").exists()
    programs.answer("timedatectl", out="no\n")
    assert states(machine.time_synchronised(patient(place))) == ["fail"]


def network(name: str, members: list[str], *, internal: bool = True, options: dict | None = None) -> dict:
    return {
        "Name": name,
        "Internal": internal,
        "Containers": {str(n): {"Name": member} for n, member in enumerate(members)},
        "Options": networks.NETWORK_OPTIONS if options is None else options,
    }


def test_networks(place):
    front = network("carrel_front", ["carrel.proxy"], internal=False)
    control = network("carrel_control", ["carrel.proxy", "carrel.hub", "carrel.portal"])
    desk = network("carrel.network.p.a", ["carrel.proxy", "carrel.hub", "carrel.desk.p.a"])
    made = patient(place)
    made.__dict__["networks"] = [front, control, desk]
    assert states(networks.internal(made)) == ["ok"]
    for broken, said in (
        (network("carrel_front", ["carrel.proxy", "carrel.hub"]), "carrel.hub can reach outside"),
        (network("carrel_control", [], internal=False), "not internal"),
        (network("carrel_control", ["stranger"]), "stranger does not belong"),
        (network("carrel.network.p.a", ["carrel.desk.p.b"]), "carrel.desk.p.b does not belong"),
        (network("carrel.network.p.a", [], options={}), "address on the host"),
    ):
        assert said in "; ".join(networks.deviations(broken, "carrel"))
    made.__dict__["networks"] = [control]
    assert states(networks.internal(made)) == ["fail"]


def test_certificates(tmp_path):
    assert [transport.expiry(days).state for days in (200, 29, -1)] == ["ok", "warn", "fail"]
    assert transport.names({"carrel.example"}, "carrel.example").state == "ok"
    assert transport.names({"*.example"}, "carrel.example").state == "ok"
    assert transport.names({"carrel.example"}, "evil.example").state == "fail"
    tls.make(tmp_path, ["127.0.0.1"])
    assert transport.key_mode(tmp_path / "key.pem").state == ("fail" if os.geteuid() != 2010 else "ok")
    os.chown(tmp_path / "key.pem", 2010, 2010)
    assert transport.key_mode(tmp_path / "key.pem").state == "ok"
    (tmp_path / "key.pem").chmod(0o440)
    assert transport.key_mode(tmp_path / "key.pem").state == "fail"
    assert transport.shown(tmp_path / "cert.pem", "127.0.0.1", 1).state == "fail"


def test_plain_http_is_fine_on_the_loopback_address_alone(monkeypatch, place):
    assert states(transport.certificate(patient(place))) == ["ok"]
    monkeypatch.setenv("CARREL_BIND", "10.0.0.1")
    assert states(transport.certificate(Patient(command.site()))) == ["fail"]


def test_dm_crypt_below_lvm_is_found(tmp_path):
    for name, uuid, below in (("253:1", "LVM-x", "dm-0"), ("8:1", None, None)):
        (tmp_path / name / "slaves").mkdir(parents=True)
        if uuid:
            (tmp_path / name / "dm").mkdir()
            (tmp_path / name / "dm/uuid").write_text(uuid)
        if below:
            (tmp_path / below / "dm").mkdir(parents=True)
            (tmp_path / below / "dm/uuid").write_text("CRYPT-LUKS2-abc-luks\n")
            (tmp_path / name / "slaves" / below).symlink_to(tmp_path / below)
    assert data.encrypted(os.makedev(253, 1), tmp_path) == "dm-crypt"
    assert data.encrypted(os.makedev(8, 1), tmp_path) == ""
    assert data.encrypted(os.makedev(0, 99), tmp_path) == ""


def test_migrations():
    assert data.migrations({"revision": "0002", "head": "0002"}).state == "ok"
    assert data.migrations({"revision": None, "head": "0002"}).state == "fail"


def test_the_keys_folder(tmp_path, monkeypatch):
    kept, keys = tmp_path / "data", tmp_path / "keys"
    kept.mkdir()
    assert states(data.keys_folder(keys, kept)) == ["warn"]
    keys.mkdir(mode=0o700)
    (keys / "k").touch(mode=0o400)
    assert states(data.keys_folder(keys, kept)) == ["warn"], "the same file system"
    monkeypatch.setattr(data, "device_of", hash)
    assert states(data.keys_folder(keys, kept)) == ["ok"]
    (keys / "k").chmod(0o440)
    assert states(data.keys_folder(keys, kept)) == ["fail"]
    (keys / "k").chmod(0o400)
    (keys / "k.pub").touch(mode=0o644)
    assert states(data.keys_folder(keys, kept)) == ["ok"], "a public key may be read, and not changed"
    (keys / "k.pub").chmod(0o664)
    assert states(data.keys_folder(keys, kept)) == ["fail"]
    (keys / "k.pub").unlink()
    (keys / "k").unlink()
    (keys / "k").symlink_to("/etc/passwd")
    assert states(data.keys_folder(keys, kept)) == ["fail"]
    inside = kept / "keys"
    inside.mkdir(mode=0o700)
    assert states(data.keys_folder(inside, kept)) == ["fail"]


def test_half_made_things(tmp_path):
    assert states(data.left_over([tmp_path], time.time())) == ["ok"]
    (tmp_path / "x.partial").touch()
    assert states(data.left_over([tmp_path], time.time())) == ["ok"], "may be under way"
    assert states(data.left_over([tmp_path], time.time() + 2 * data.OLD)) == ["warn"]
    (tmp_path / ".restoring").mkdir()
    assert "fail" in states(data.left_over([tmp_path], time.time()))


def test_secrets_that_others_may_read(place):
    (place.var / "secrets.env").touch(mode=0o600)
    assert states(data.secrets_file(patient(place))) == ["ok"]
    (place.var / "secrets.env").chmod(0o640)
    assert states(data.secrets_file(patient(place))) == ["fail"]


def test_images(programs, place):
    made = patient(place)
    made.__dict__["containers"] = [{"Name": "/d", "Image": "sha256:1", "Config": {"Image": IMAGES[2].tag}}]
    programs.answer("docker image inspect", out="sha256:1\n")
    assert states(data.images(made)) == ["ok"]
    made.containers[0]["Image"] = "sha256:0"
    assert states(data.images(made)) == ["warn"]
    recipe = [
        "docker",
        "image",
        "inspect",
        "--format",
        f'{{{{index .Config.Labels "{RECIPE_LABEL}"}}}}',
        IMAGES[0].tag,
    ]
    programs.answer(recipe, out="\n")
    assert states(data.images(made)) == ["fail"]


def test_the_command_says_a_line_a_check_and_fails_on_a_failure(monkeypatch, capsys, place):
    found = [ok("docker", "answers"), fail("disk", "full", "free some")]
    monkeypatch.setattr(doctor, "examine", lambda site: found)
    assert command.main(["doctor"]) == 1
    assert capsys.readouterr().out == "ok    docker: answers\nfail  disk: full; free some\n"
    monkeypatch.setattr(doctor, "examine", lambda site: found[:1])
    assert command.main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"check": "docker", "state": "ok", "text": "answers", "fix": ""}
    ]
    assert command.main(["doctor", "--nonsense"]) == 2


def test_a_machine_without_docker_is_told_of_it_in_every_check_and_does_not_stop(programs, place):
    found = doctor.examine(place)
    assert {"docker engine", "isolation", "internal", "keys"} <= {each.check for each in found}
    assert "fail" in states(found)


STANDING = {
    "first": 1,
    "last": 90,
    "sealed": 0,
    "head": {"number": 88, "time": "2026-01-01T00:00:00.000000Z", "age_seconds": 400},
    "unsigned_seconds": 20,
    "anchor": {"number": 60, "time": "2026-01-01T00:00:00.000000Z", "age_seconds": 86400},
    "receivers": [{"address": "tls://logs:6514", "number": 90, "waiting_seconds": 0}],
}


def test_a_trail_that_is_signed_anchored_and_handed_on_is_well():
    assert states(trail.standing(STANDING, "t")) == ["ok", "ok", "ok"]
    empty = {**STANDING, "last": 0, "head": None, "anchor": None, "unsigned_seconds": 0, "receivers": []}
    assert states(trail.standing(empty, "t")) == ["ok"]


@pytest.mark.parametrize(
    ("change", "state", "said"),
    [
        ({"unsigned_seconds": 3 * 3600}, "fail", "has waited for a signed head for 3 h"),
        ({"head": None, "unsigned_seconds": 3 * 86400}, "fail", "for 3 days"),
        ({"anchor": None}, "warn", "no head was ever anchored"),
        ({"anchor": {"number": 1, "age_seconds": 40 * 86400}}, "warn", "the last is 40 days old"),
        (
            {"receivers": [{"address": "tls://logs:6514", "number": 3, "waiting_seconds": 7300}]},
            "warn",
            "tls://logs:6514 has not taken records for 2 h",
        ),
    ],
)
def test_a_trail_that_is_not_signed_anchored_or_handed_on_is_told_with_the_fix(change, state, said):
    wrong = [each for each in trail.standing({**STANDING, **change}, "t") if each.state != "ok"]
    assert [each.state for each in wrong] == [state]
    assert said in wrong[0].text
    assert wrong[0].fix


def test_the_hub_reaches_outside_only_where_it_was_asked_for():
    outside = {"Name": "t_outside", "Internal": False, "Containers": {"1": {"Name": "t.hub"}}}
    assert networks.deviations(outside, "t", hub_outside=True) == []
    assert "it is not internal" in networks.deviations(outside, "t")
    outside["Containers"]["2"] = {"Name": "t.portal"}
    assert networks.deviations(outside, "t", hub_outside=True) == ["t.portal can reach outside"]
