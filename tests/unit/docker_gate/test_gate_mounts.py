"""Mounts come out of the site's data folder: the container's own folders, and verified extracts."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from kernels.isolation import Mount

RUN_ID = "0123456789abcdef" * 2
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the gate gives folders to other uids")


def with_mounts(body: dict[str, Any], *mounts: Mount) -> dict[str, Any]:
    body["HostConfig"]["Mounts"] = [mount.body() for mount in mounts]
    return body


async def refused(gate, role: str, *mounts: Mount, status: int = 403) -> str:
    """Ask for a container with these mounts; returns the line of the refusal."""
    answer = await gate.create(role, with_mounts(getattr(gate.bodies, role)(), *mounts))
    assert answer.status == status, answer.content
    assert gate.engine.reached == []
    return answer.line


def owner(folder: Path) -> tuple[int, int, str]:
    status = folder.stat()
    return status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode))


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


OUTSIDE = [
    "/var/run/docker.sock",
    "/",
    "/etc",
    "",
    ".",
    "..",
    "../..",
    "extracts",
    "extracts/bloods",
    "runs",
    "workspaces",
    "workspaces/heart",
    "workspaces/heart/ma-chao",
    "workspaces/lung/li-wei",
    "workspaces/heart/li-wei/",
    "workspaces//heart/li-wei",
    "workspaces/heart/li-wei/..",
    "workspaces/heart/../heart/li-wei",
    "./workspaces/heart/li-wei",
    "/workspaces/heart/li-wei",
    "desks/heart/ma-chao",
    "runs/lung",
    "templates/../extracts/bloods/v1",
    "templates/means",
    "templates/.git/1.0.0",
]


@pytest.mark.parametrize("role", ["engine", "run_engine", "desk"])
@pytest.mark.parametrize("target", ["/workspace", "/run", "/home/desk", "/host", "/", "/template"])
async def test_nothing_outside_the_containers_own_folders_is_mounted(gate, role, target):
    before = below(gate.data)
    for source in OUTSIDE:
        for read_only in (True, False):
            line = await refused(gate, role, Mount(source, target, read_only=read_only))
            assert line.startswith(
                (f"a container of role {role.replace('_', '-')} may not", f"{source} may not")
            )
    assert below(gate.data) - {"refusals/refused.jsonl"} == before, "and no folder was made on the way"


@pytest.mark.parametrize(
    ("role", "mount"),
    [
        ("run_engine", Mount("workspaces/heart/li-wei", "/workspace", read_only=False)),
        ("run_engine", Mount("runs/heart", "/runs")),
        ("run_engine", Mount("desks/heart/li-wei", "/home/desk", read_only=False)),
        ("run_engine", Mount("runs/heart/" + "f" * 32, "/run", read_only=False)),
        ("run_engine", Mount(f"runs/lung/{RUN_ID}", "/run", read_only=False)),
        ("run_engine", Mount(f"runs/heart/{RUN_ID}", "/run")),
        ("engine", Mount("desks/heart/li-wei", "/home/desk", read_only=False)),
        ("engine", Mount("templates/means/1.0.0", "/template")),
        ("engine", Mount("runs/heart", "/runs", read_only=False)),
        ("engine", Mount(f"runs/heart/{RUN_ID}", "/run", read_only=False)),
        ("engine", Mount("workspaces/heart/li-wei", "/workspace")),
        ("engine", Mount("workspaces/heart/li-wei", "/etc", read_only=False)),
        ("desk", Mount("extracts/bloods/v1", "/data/bloods")),
        ("desk", Mount("extracts/bloods/v1", "/workspace")),
        ("desk", Mount("runs/heart", "/runs")),
        ("desk", Mount("templates/means/1.0.0", "/template")),
    ],
)
async def test_a_role_gets_its_own_folders_and_no_other_roles(gate, role, mount):
    line = await refused(gate, role, mount)
    assert f"may not mount {mount.source} at {mount.target}" in line


@pytest.mark.parametrize("read_only", [0, 1, "true", None])
async def test_read_only_is_said_plainly(gate, read_only):
    body = gate.bodies.engine()
    body["HostConfig"]["Mounts"][-1]["ReadOnly"] = read_only
    assert (await gate.create("engine", body)).status == 403
    body = gate.bodies.engine()
    body["HostConfig"]["Mounts"][1]["ReadOnly"] = read_only
    assert (await gate.create("engine", body)).status == 403
    assert gate.engine.reached == []


@pytest.mark.parametrize(
    "more",
    [
        {"BindOptions": {"Propagation": "rshared"}},
        {"BindOptions": {"Propagation": "rprivate", "NonRecursive": True}},
        {"Consistency": "default"},
        {"type": "tmpfs"},
        {"source": "/"},
        {"Type": "tmpfs"},
        {"Type": "npipe"},
        {"VolumeOptions": {"DriverConfig": {"Options": {"device": "/"}}}},
    ],
)
async def test_a_mount_with_other_settings_is_refused(gate, more):
    body = gate.bodies.engine()
    body["HostConfig"]["Mounts"][1] |= more
    assert (await gate.create("engine", body)).status == 403
    assert gate.engine.reached == []


@pytest.mark.parametrize("role", ["engine", "desk", "run_engine"])
@pytest.mark.parametrize(
    ("source", "target", "read_only"),
    [
        ("t_registry", "/run/carrel", False),
        ("t.sockets.heart.ma-chao", "/run/carrel", False),
        ("t.sockets.heart.li-wei", "/workspace", False),
        ("t.sockets.heart.li-wei", "/run/carrel", True),
        ("gate", "/run/carrel-gate", False),
        ("", "/run/carrel", False),
    ],
)
async def test_no_volume_but_the_desks_sockets_is_mounted(gate, role, source, target, read_only):
    line = await refused(gate, role, Mount(source, target, read_only=read_only, kind="volume"))
    assert "may not be mounted at" in line


async def test_a_run_has_no_sockets(gate):
    sockets = Mount("t.sockets.heart.li-wei", "/run/carrel", read_only=False, kind="volume")
    assert "may not be mounted" in await refused(gate, "run_engine", sockets)


# Folders that the gate makes


async def test_a_desks_folders_are_made_for_its_uid_and_closed_to_others(gate):
    assert (await gate.create("desk")).status == 201
    assert owner(gate.data / "workspaces/heart/li-wei") == (2000, 2000, "0o2770")
    assert owner(gate.data / "desks/heart/li-wei") == (2001, 2001, "0o700")
    for folder in ("workspaces", "workspaces/heart", "desks", "desks/heart"):
        assert owner(gate.data / folder) == (0, 2000, "0o750")


async def test_an_engines_and_a_runs_folders_are_made_for_their_uids(gate):
    assert (await gate.create("engine")).status == 201
    assert owner(gate.data / "runs/heart") == (0, 2000, "0o750")
    answer = await gate.create("run_engine")
    assert answer.status == 201
    assert owner(gate.data / f"runs/heart/{RUN_ID}") == (2000, 2000, "0o2770")
    assert owner(gate.data / "runs/heart") == (0, 2000, "0o750")


async def test_a_folder_that_is_there_stays_as_it_is(gate):
    folder = gate.data / "workspaces/heart/li-wei"
    folder.mkdir(parents=True)
    (folder / "notes.ipynb").write_text("{}")
    folder.chmod(0o2750)
    os.chown(folder, 2000, 2000)
    assert (await gate.create("engine")).status == 201
    assert owner(folder) == (2000, 2000, "0o2750")
    assert (folder / "notes.ipynb").read_text() == "{}"


async def test_what_the_umask_allows_others_makes_no_difference(gate):
    before = os.umask(0)
    try:
        assert (await gate.create("desk")).status == 201
    finally:
        os.umask(before)
    assert owner(gate.data / "desks/heart/li-wei") == (2001, 2001, "0o700")


@pytest.mark.parametrize("step", ["fchown", "fchmod"])
@pytest.mark.parametrize("nth", [0, 1, 2, 3, 4])
async def test_a_making_that_was_cut_short_is_made_good_by_the_next(gate, monkeypatch, step, nth):
    """A gate that is killed at any step leaves folders that the next one gives to their owners."""
    real, calls = getattr(os, step), []

    def killed(*arguments: int) -> None:
        calls.append(arguments)
        if len(calls) > nth:
            raise PermissionError(1, "killed here")
        real(*arguments)

    with monkeypatch.context() as cut:
        cut.setattr(os, step, killed)
        answer = await gate.create("desk")
        assert (answer.status, "can't be used: killed here" in answer.line) == (409, True)
        assert gate.engine.reached == []
    assert (await gate.create("desk")).status == 201
    assert owner(gate.data / "workspaces/heart/li-wei") == (2000, 2000, "0o2770")
    assert owner(gate.data / "desks/heart/li-wei") == (2001, 2001, "0o700")
    for folder in ("workspaces", "workspaces/heart", "desks", "desks/heart"):
        assert owner(gate.data / folder) == (0, 2000, "0o750")


@pytest.mark.parametrize("at", ["workspaces", "workspaces/heart", "workspaces/heart/li-wei"])
@pytest.mark.parametrize("leads_to", ["outside", "extracts", "nowhere"])
async def test_a_link_on_the_way_to_a_folder_is_not_followed(gate, tmp_path, at, leads_to):
    outside = tmp_path / "outside"
    outside.mkdir()
    link = gate.data / at
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to({"outside": outside, "extracts": gate.data / "extracts", "nowhere": "/nowhere"}[leads_to])
    before = owner(outside)
    answer = await gate.create("engine")
    assert (answer.status, answer.line.split(":")[0]) == (
        409,
        "the folder workspaces/heart/li-wei can't be used",
    )
    assert gate.engine.reached == []
    assert list(outside.iterdir()) == []
    assert owner(outside) == before


async def test_a_file_where_a_folder_should_be_is_refused(gate):
    (gate.data / "workspaces").touch()
    answer = await gate.create("engine")
    assert (answer.status, gate.engine.reached) == (409, [])


async def test_many_at_once_make_one_folder(gate):
    answers = await asyncio.gather(*(gate.create("engine") for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7, "the engine has the name by then"
    assert owner(gate.data / "workspaces/heart/li-wei") == (2000, 2000, "0o2770")


# Extracts and templates


async def test_an_extract_is_mounted_where_its_digest_is_the_registered_one(gate):
    assert (await gate.create("engine")).status == 201
    mount = gate.created["HostConfig"]["Mounts"][-1]
    assert (mount["Source"], mount["Target"]) == ("/host/data/extracts/bloods/v1", "/data/bloods")
    assert mount["ReadOnly"] is True


@pytest.mark.parametrize("role", ["engine", "run_engine"])
async def test_an_extract_without_the_digest_of_its_registration_is_not_mounted(gate, role):
    body = getattr(gate.bodies, role)()
    del body["Labels"]["carrel.extract.bloods"]
    answer = await gate.create(role, body)
    assert (answer.status, gate.engine.reached) == (403, [])
    assert answer.line == "the extract bloods is mounted without the digest that it was registered with"


@pytest.mark.parametrize("role", ["engine", "run_engine"])
@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda v1: (v1 / "bloods.parquet").write_bytes(b"PAR2" + b"PAR1" * 999), "changed since"),
        (lambda v1: (v1 / "bloods.parquet").unlink(), "bloods.parquet is missing"),
        (lambda v1: (v1 / "more.csv").touch(), "more.csv is not part of the extract"),
        (lambda v1: (v1 / "extract.json").write_text("{}"), "is not a manifest"),
        (lambda v1: (v1 / "out").symlink_to("/etc"), "a link or a special file"),
        (shutil.rmtree, "is missing"),
    ],
    ids=["a changed byte", "a missing file", "one file more", "another manifest", "a link", "no folder"],
)
async def test_a_damaged_extract_is_not_mounted_and_the_line_says_what_is_wrong(gate, role, damage, line):
    damage(gate.data / "extracts/bloods/v1")
    answer = await gate.create(role)
    assert answer.status == 409
    assert line in answer.line
    assert gate.engine.reached == []


async def test_an_extract_with_the_digest_of_another_is_not_mounted(gate):
    body = gate.bodies.engine()
    body["Labels"]["carrel.extract.bloods"] = "sha256:" + "0" * 64
    answer = await gate.create("engine", body)
    assert (answer.status, gate.engine.reached) == (409, [])
    assert "changed since the extract was registered" in answer.line


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("extracts/bloods/v1", "/data/other"),
        ("extracts/bloods/v1", "/data/bloods/deeper"),
        ("extracts/bloods/v1", "/data/"),
        ("extracts/bloods/v1", "/data/../etc"),
        ("extracts/bloods/v1", "/data/Bloods"),
        ("extracts/bloods", "/data/bloods"),
        ("extracts/bloods/1", "/data/bloods"),
        ("extracts/bloods/v", "/data/bloods"),
        ("extracts/bloods/v1/", "/data/bloods"),
        ("extracts/bloods/v1/..", "/data/bloods"),
        ("extracts/../extracts/bloods/v1", "/data/bloods"),
        ("workspaces/heart/li-wei", "/data/li-wei"),
        ("/extracts/bloods/v1", "/data/bloods"),
        ("/var/run/docker.sock", "/data/docker"),
    ],
)
async def test_only_an_extracts_own_folder_is_mounted_as_that_extract(gate, source, target):
    line = await refused(gate, "engine", Mount(source, target))
    assert line == f"{source} may not be mounted at {target}: not a read-only extract"


@pytest.mark.parametrize("role", ["engine", "run_engine"])
async def test_an_extract_is_never_mounted_for_writing(gate, role):
    line = await refused(gate, role, Mount("extracts/bloods/v1", "/data/bloods", read_only=False))
    assert "not a read-only extract" in line


async def test_an_extract_that_is_a_link_is_not_mounted(gate, tmp_path):
    shutil.move(gate.data / "extracts/bloods/v1", tmp_path / "elsewhere")
    (gate.data / "extracts/bloods/v1").symlink_to(tmp_path / "elsewhere")
    answer = await gate.create("engine")
    assert (answer.status, gate.engine.reached) == (409, [])


async def test_an_extract_behind_a_link_is_not_mounted(gate, tmp_path):
    shutil.move(gate.data / "extracts/bloods", tmp_path / "elsewhere")
    (gate.data / "extracts/bloods").symlink_to(tmp_path / "elsewhere")
    answer = await gate.create("engine")
    assert (answer.status, gate.engine.reached) == (409, [])


async def test_a_template_is_mounted_read_only_and_never_for_writing(gate):
    assert (await gate.create("run_engine")).status == 201
    assert gate.created["HostConfig"]["Mounts"][0]["Source"] == "/host/data/templates/means/1.0.0"
    gate.engine.reached.clear()
    line = await refused(gate, "run_engine", Mount("templates/means/1.0.0", "/template", read_only=False))
    assert line.endswith("not a read-only template")


async def test_a_template_that_is_not_in_the_store_is_named(gate):
    line = await refused(gate, "run_engine", Mount("templates/means/2.0.0", "/template"), status=409)
    assert line == "the template means/2.0.0 is not in the store; publish it again"


@pytest.mark.parametrize(
    "source", ["extracts/bloods/v1", "templates/means/..", "templates//1.0.0", "/templates/means"]
)
async def test_only_a_published_templates_folder_is_mounted_as_a_template(gate, source):
    line = await refused(gate, "run_engine", Mount(source, "/template"))
    assert line == f"{source} may not be mounted at /template: not a read-only template"


@pytest.mark.parametrize("at", ["templates/means/1.0.0", "templates/means"])
async def test_a_template_that_is_or_is_behind_a_link_is_not_mounted(gate, tmp_path, at):
    (tmp_path / "elsewhere/1.0.0").mkdir(parents=True)
    shutil.rmtree(gate.data / at)
    (gate.data / at).symlink_to(tmp_path / "elsewhere")
    answer = await gate.create("run_engine")
    assert answer.status in (403, 409)
    assert gate.engine.reached == []
