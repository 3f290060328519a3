"""Links, pipes, sockets, devices, hard links, odd names, huge and deep trees in the workspace."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from contents_support import (
    SECRET,
    as_user,
    fill_with_hostile_entries,
    make_manager,
    notebook,
    notebook_model,
    state_of,
    text_model,
)
from tornado.web import HTTPError

from export_guard.contents import descriptors
from export_guard.contents.problems import Refused
from export_guard.contents.workspace import Limits, Workspace

TYPES = (None, "file", "notebook")


async def refused(awaitable, seconds: float = 5) -> HTTPError:
    """The HTTPError, which has to come at once: nothing may wait for a pipe."""
    with pytest.raises(HTTPError) as caught:
        await asyncio.wait_for(awaitable, seconds)
    assert SECRET not in str(caught.value)
    return caught.value


async def test_what_cannot_be_opened_is_listed_as_unavailable(manager, workspace, outside):
    reasons = fill_with_hostile_entries(workspace, outside)
    (workspace / "plain.txt").write_text("plain")

    listed = {model["name"]: model for model in (await manager.get(""))["content"]}

    assert set(listed) == {*reasons, "plain.txt"}
    for name, reason in reasons.items():
        model = listed[name]
        assert (model["type"], model["writable"], model["mimetype"]) == ("file", False, None)
        assert (model["unavailable"], model["size"]) == (reason, None)
    assert listed["plain.txt"]["unavailable"] is None
    assert listed["plain.txt"]["writable"]


async def test_what_is_unavailable_is_never_opened_in_any_way(manager, workspace, outside):
    for name, reason in fill_with_hostile_entries(workspace, outside).items():
        for kind in TYPES:
            error = await refused(manager.get(name, type=kind))
            assert (error.status_code, error.reason) == (403, reason)
        for attempt in (
            manager.get(name, content=False, require_hash=True),
            manager.get(f"{name}/secret.txt"),
            manager.save(text_model("x"), name),
            manager.save(notebook_model(notebook("x")), name),
            manager.save(text_model("x"), f"{name}/new.txt"),
            manager.save({"type": "directory"}, f"{name}/new"),
            manager.copy(name),
            manager.copy(f"{name}/secret.txt", ""),
            manager.delete(f"{name}/secret.txt"),
            manager.rename(f"{name}/secret.txt", "mine.txt"),
            manager.create_checkpoint(name),
            manager.new_untitled(name, type="file"),
        ):
            await refused(attempt)
        assert not await manager.file_exists(name)
        assert not await manager.dir_exists(name)
        assert await manager.exists(name)
    assert [each.name for each in outside.iterdir()] == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == SECRET


async def test_what_is_unavailable_can_be_renamed_and_deleted_and_nothing_behind_it_is(
    manager, workspace, outside
):
    for name in fill_with_hostile_entries(workspace, outside):
        await manager.rename(name, f"renamed-{name}")
        await manager.delete(f"renamed-{name}")

    assert list(workspace.iterdir()) == []
    assert (outside / "secret.txt").read_text() == SECRET


async def test_a_pipe_is_never_opened_so_its_writer_waits_for_ever(manager, workspace):
    os.mkfifo(workspace / "pipe")
    command = [sys.executable, "-c", f"open({str(workspace / 'pipe')!r}, 'w')"]
    writer = subprocess.Popen(command)
    time.sleep(0.3)
    for kind in TYPES:
        await refused(manager.get("pipe", type=kind))
    time.sleep(0.2)
    # A reader, even one that closes at once, would have woken it.
    assert writer.poll() is None
    writer.kill()
    writer.wait()


async def test_devices_are_never_opened(manager, workspace):
    try:
        os.mknod(workspace / "zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
        os.mknod(workspace / "disk", stat.S_IFBLK | 0o666, os.makedev(7, 0))
    except PermissionError:
        pytest.skip("this user may not make devices")
    for name in ("zero", "disk"):
        assert (await refused(manager.get(name))).reason == "special"
        await refused(manager.copy(name))


async def test_a_file_that_another_process_holds_a_lease_on_does_not_keep_the_desk_waiting(
    manager, workspace
):
    (workspace / "leased.txt").write_text("mine")
    handler = signal.signal(signal.SIGIO, signal.SIG_IGN)  # how the kernel tells the holder
    try:
        with (workspace / "leased.txt").open("r+") as held:
            fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            assert (await refused(manager.get("leased.txt"))).reason == "busy"
    finally:
        signal.signal(signal.SIGIO, handler)


async def test_a_huge_file_is_shown_in_part_and_never_read_whole(manager, workspace):
    with (workspace / "huge.txt").open("wb") as huge:
        huge.write(b"beginning")
        huge.truncate(1 << 40)

    assert (await refused(manager.get("huge.txt"))).reason == "binary"  # it is all zeros
    assert (await refused(manager.get("huge.txt", type="notebook"))).reason == "too-large-shown"
    assert (await manager.get("huge.txt", content=False, require_hash=True))["hash"]
    assert (await refused(manager.copy("huge.txt"))).reason == "too-large-copied"
    assert [each.name for each in workspace.iterdir()] == ["huge.txt"]


async def test_a_folder_of_100_000_entries_is_listed_in_part(manager, workspace):
    crowd = workspace / "crowd"
    crowd.mkdir()
    for number in range(100_000):
        os.close(os.open(crowd / f"f{number:06}", os.O_CREAT | os.O_WRONLY))

    started = time.perf_counter()
    model = await manager.get("crowd")
    taken = time.perf_counter() - started

    assert (len(model["content"]), model["whole"]) == (2_000, False)
    assert taken < 5
    error = await refused(manager.copy("crowd"))
    assert error.reason == "too-many-copied"
    assert [each.name for each in workspace.iterdir()] == ["crowd"]
    rounds = 0
    while await manager.exists("crowd"):
        rounds += 1
        if rounds <= 5:
            assert (await refused(manager.delete("crowd"), seconds=20)).reason == "too-many"
        else:
            await manager.delete("crowd")
    assert rounds == 6  # 20,000 at a time, and the folder itself


def nest(top, depth: int) -> None:
    held = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=held)
        inner = os.open("d", os.O_RDONLY, dir_fd=held)
        os.close(held)
        held = inner
    os.close(os.open("leaf.txt", os.O_CREAT | os.O_WRONLY, dir_fd=held))
    os.close(held)


async def test_a_tree_deeper_than_any_path_is_refused_and_can_be_deleted(manager, workspace):
    (workspace / "deep").mkdir()
    nest(workspace / "deep", 5_000)

    assert (await refused(manager.get("deep/" + "d/" * 80))).reason == "too-deep"
    assert (await refused(manager.copy("deep"))).reason == "too-deep"
    await manager.delete("deep")
    assert list(workspace.iterdir()) == []


async def test_names_that_nobody_can_ask_for_are_not_listed_and_do_no_harm(manager, workspace):
    odd = [
        b"line\nbreak",
        b"bell\x07",
        "gp\u202etxt.exe".encode(),
        b"\xb2\xa1\xc0\xfd.txt",
        b"back\\slash",
        b".hidden",
    ]
    for name in odd:
        (workspace / os.fsdecode(name)).write_bytes(b"x")
    fine = ["病例 表.txt", "%2e%2e", "{name}", "~a", "a:b", "x" * 250 + ".txt"]
    for name in fine:
        (workspace / name).write_text(name)

    listed = [model["name"] for model in (await manager.get(""))["content"]]

    assert listed == sorted(set(fine))
    for name in listed:
        assert (await manager.get(name))["content"] == name
    for name in odd:
        await refused(manager.get(os.fsdecode(name)))
        await refused(manager.save(text_model("x"), os.fsdecode(name)))
    await refused(manager.get("{name}.missing"))
    await manager.delete("{name}")


@pytest.mark.parametrize(
    "path", ["..", "../outside", "a/../../outside", "a//b", "./a", "a/.", "a\0b", "a/..", "x" * 256, "/../x"]
)
async def test_paths_that_step_out_or_are_not_plain_are_refused(manager, workspace, path):
    (workspace / "a").mkdir()
    for attempt in (
        manager.get(path),
        manager.save(text_model("x"), path),
        manager.save({"type": "directory"}, path),
        manager.delete(path),
        manager.rename("a", path),
        manager.rename(path, "b"),
        manager.copy(path, ""),
        manager.create_checkpoint(path),
    ):
        assert (await refused(attempt)).status_code in (400, 404)
    assert not await manager.exists(path)
    assert [each.name for each in workspace.iterdir()] == ["a"]


async def test_times_that_no_calendar_has_are_shown_as_1970(manager, workspace):
    (workspace / "old.txt").write_text("x")
    os.utime(workspace / "old.txt", (0, 2**33))
    assert (await manager.get("old.txt"))["last_modified"].year in (1970, 2242)
    os.utime(workspace / "old.txt", (-(2**31), -(2**31)))
    assert (await manager.get("old.txt"))["last_modified"].year in (1901, 1970)


async def test_messages_hold_no_path_of_the_desk(manager, workspace, tmp_path):
    (workspace / "folder").mkdir()
    for attempt in (manager.get("folder/none.txt"), manager.rename("none", "b"), manager.delete("none")):
        error = await refused(attempt)
        assert str(tmp_path) not in error.log_message
        assert "none" in error.log_message


def test_a_copied_folder_leaves_out_what_cannot_be_opened(tmp_path, outside):
    made = make_manager(tmp_path).workspace
    (tmp_path / "workspace/tree/inner").mkdir(parents=True)
    fill_with_hostile_entries(tmp_path / "workspace/tree/inner", outside)
    (tmp_path / "workspace/tree/inner/fine.txt").write_text("fine")

    made.copy("tree", "copied")

    assert state_of(tmp_path / "workspace/copied").keys() == {"inner/fine.txt"}


def test_the_way_around_file_systems_without_renameat2_replaces_nothing(tmp_path, monkeypatch):
    def unknown(*_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(descriptors, "_renameat2", unknown)
    made = Workspace(tmp_path)
    for name in ("a.txt", "b.txt"):
        made.write(name, name.encode())
    made.make_folder("folder")
    made.make_folder("full")
    made.write("full/x.txt", b"x")

    for old, new in (("a.txt", "b.txt"), ("folder", "full"), ("folder", "a.txt"), ("a.txt", "folder")):
        with pytest.raises(Refused, match="exists"):
            made.rename(old, new)
    made.rename("a.txt", "c.txt")
    made.rename("full", "moved")
    with pytest.raises(Refused, match="exists"):
        made.write("b.txt", b"new", replace=False)
    found = {file.name: file.read_text() for file in tmp_path.rglob("*.txt")}
    assert found == {"b.txt": "b.txt", "c.txt": "a.txt", "x.txt": "x"}
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.txt", "c.txt", "folder", "moved"]


def test_descriptors_are_given_back(manager, workspace, outside):
    fill_with_hostile_entries(workspace, outside)
    (workspace / "a.txt").write_text("a")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        for name in os.listdir(workspace):
            for call in (
                lambda n: manager.workspace.read(n, 10),
                lambda n: manager.workspace.write(n, b"a"),
                manager.workspace.listing,
                lambda n: manager.workspace.copy(n, "copy/none"),
                lambda n: manager.workspace.rename(n, f"{n}/inside"),
            ):
                with contextlib.suppress(Refused):
                    call(name)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become desk and engine")
def test_desk_and_engine_share_files_as_two_users(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    root = folder / "workspace"
    root.mkdir()
    os.chown(root, 2000, 2000)
    root.chmod(0o2770)

    def engine_makes() -> None:
        os.chdir(root)
        os.mkdir("theirs")
        Path("theirs/a.txt").write_text("a")
        os.mkdir("plain")
        os.chmod("plain", 0o770)  # not set-gid, as `cp -r` into another place leaves it
        Path("protected.txt").write_text("p")
        os.chmod("protected.txt", 0o440)
        os.mkdir("closed", 0o700)

    def desk_works() -> None:
        descriptors._identity.cache_clear()
        made = Workspace(root, Limits())
        made.write("theirs/a.txt", b"changed")
        made.write("plain/b.txt", b"b")
        made.make_folder("plain/mine")
        made.copy("theirs", "copied")
        made.rename("copied/a.txt", "theirs/moved.txt")
        assert not made.look("protected.txt").writable
        for attempt in (lambda: made.write("protected.txt", b"x"), lambda: made.listing("closed")):
            with pytest.raises(Refused, match="forbidden"):
                attempt()

    def engine_reads() -> None:
        os.chdir(root)
        assert Path("theirs/a.txt").read_text() == "changed"
        assert Path("plain/b.txt").read_text() == "b"
        assert Path("theirs/moved.txt").read_text() == "changed"
        with open("theirs/moved.txt", "a") as moved:
            moved.write("more")
        Path("plain/mine/c.txt").write_text("c")
        Path("copied/d.txt").write_text("d")
        for name in ("theirs/a.txt", "plain/b.txt"):
            assert stat.S_IMODE(os.stat(name).st_mode) == 0o660
        for name in ("plain/mine", "copied"):
            assert stat.S_IMODE(os.stat(name).st_mode) == 0o2770
            assert os.stat(name).st_gid == 2000

    assert as_user(2000, 2000, [2000], engine_makes) == ""
    assert as_user(2001, 2001, [2000], desk_works) == ""
    assert as_user(2000, 2000, [2000], engine_reads) == ""
