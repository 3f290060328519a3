"""The gate has a project's disk mounted before it mounts anything of the project's into a container."""

from __future__ import annotations

import pytest

from hub_config import naming
from hub_config.docker_gate.folders import DataFolder
from hub_config.docker_gate.refused import Refused
from provisioning.disks.disk import Disk

MIB = 1024**2
RUN = "0123456789abcdef" * 2
LABELS = {
    naming.PROJECT_LABEL: "heart",
    naming.ACCOUNT_LABEL: "li-wei",
    naming.RUN_LABEL: RUN,
    naming.DISK_LABEL: str(64 * MIB),
}
WORKSPACE = {"Source": "workspaces/heart/li-wei", "Target": "/workspace", "ReadOnly": False}
RUNS = {"Source": "runs/heart", "Target": "/runs", "ReadOnly": True}
OF_RUN = {"Source": f"runs/heart/{RUN}", "Target": "/run", "ReadOnly": False}
HOME = {"Source": "desks/heart/li-wei", "Target": "/home/desk", "ReadOnly": False}


@pytest.fixture
def folder(data, server):
    return DataFolder(here=data, host="/host/data", disks=server)


@pytest.mark.parametrize(
    ("role", "mount"),
    [("desk", WORKSPACE), ("engine", WORKSPACE), ("engine", RUNS), ("run-engine", OF_RUN)],
)
def test_what_a_project_writes_is_on_its_disk(folder, data, role, mount):
    folder.resolve(role, mount, LABELS)
    assert Disk(data, "heart").stands
    made = data / mount["Source"]
    assert made.stat().st_dev == (data / "disks/heart").stat().st_dev != data.stat().st_dev


def test_a_desks_home_is_not_so_that_a_full_disk_loses_no_event(folder, data):
    folder.resolve("desk", HOME, LABELS)
    assert (data / "desks/heart/li-wei").stat().st_dev == data.stat().st_dev
    assert not Disk(data, "heart").image.exists()


@pytest.mark.parametrize("size", [None, "", "0", "-1", "1e9", "64 MiB", "9" * 16, "١٢"])
def test_without_a_size_there_is_no_container(folder, data, size):
    labels = {key: value for key, value in LABELS.items() if key != naming.DISK_LABEL}
    if size is not None:
        labels[naming.DISK_LABEL] = size
    with pytest.raises(Refused, match=r"carrel\.disk is missing or not a number of bytes"):
        folder.resolve("engine", WORKSPACE, labels)
    assert not (data / "workspaces").exists()


def test_without_the_process_that_mounts_there_is_no_container(data, short_tmp):
    folder = DataFolder(here=data, host="/host/data", disks=short_tmp / "none.sock")
    with pytest.raises(Refused, match="does not answer") as refused:
        folder.resolve("engine", WORKSPACE, LABELS)
    assert refused.value.status == 409
    assert not (data / "workspaces").exists()


@pytest.mark.parametrize(
    "source", ["disks/heart", "disks/heart.ext4", "disks", "disks/heart/workspaces/li-wei"]
)
def test_the_disk_itself_is_nobodys_mount(folder, source):
    for target in ("/workspace", "/data/heart", "/runs", "/run", "/template"):
        for role in ("desk", "engine", "run-engine"):
            for read_only in (True, False):
                mount = {"Source": source, "Target": target, "ReadOnly": read_only}
                with pytest.raises(Refused):
                    folder.resolve(role, mount, LABELS)


def test_another_projects_disk_is_not_asked_for(folder, data):
    other = {**WORKSPACE, "Source": "workspaces/lung/li-wei"}
    with pytest.raises(Refused):
        folder.resolve("engine", other, LABELS)
    assert not (data / "disks").exists()
