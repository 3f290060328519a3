"""A project's disk holds its quota, keeps what is on it, and survives being cut short anywhere."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from provisioning.disks import image
from provisioning.disks.disk import Disk, known
from provisioning.disks.mounting import DiskError, below, device_of, mounted
from provisioning.disks.unmounted import refuse_unmounted
from provisioning.refusal import Refusal

MIB = 1024**2


def fill(path: Path, size: int) -> int:
    """Write until ``size`` or until it is full; returns what was written."""
    written = 0
    with path.open("wb", buffering=0) as file:
        try:
            while written < size:
                written += file.write(b"\xa5" * MIB)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return written


def unmount(data: Path) -> None:
    for mount in below(data):
        subprocess.run(["umount", str(mount)], check=True)


def test_nothing_more_than_the_quota_fits_in_workspaces_and_runs_together(data):
    disk = Disk(data, "heart")
    assert disk.ensure(64 * MIB) == 64 * MIB
    assert disk.stands
    first = fill(data / "workspaces/heart/numbers.bin", 200 * MIB)
    assert 48 * MIB <= first <= 64 * MIB
    assert fill(data / "runs/heart/more.bin", 10 * MIB) < 2 * MIB
    other = Disk(data, "lung")
    other.ensure(64 * MIB)
    assert fill(data / "workspaces/lung/numbers.bin", 8 * MIB) == 8 * MIB


def test_a_disk_takes_what_is_on_it_and_gives_it_back(data):
    disk = Disk(data, "heart")
    disk.ensure(1024 * MIB)
    used = disk.image.stat().st_blocks * 512
    assert used < 32 * MIB
    path = data / "workspaces/heart/numbers.bin"
    fill(path, 100 * MIB)
    os.sync()
    assert disk.image.stat().st_blocks * 512 > 100 * MIB
    path.unlink()
    deadline = time.monotonic() + 20  # the journal gives blocks back when it is written
    while disk.image.stat().st_blocks * 512 >= used + 16 * MIB:
        assert time.monotonic() < deadline
        os.sync()
        time.sleep(0.1)


def test_neither_devices_nor_other_peoples_rights_are_on_it(data):
    Disk(data, "heart").ensure(64 * MIB)
    line = next(line for line in Path("/proc/mounts").read_text().splitlines() if "/workspaces/heart" in line)
    assert {"nosuid", "nodev"} <= set(line.split()[3].split(","))


def test_it_is_mounted_again_after_the_machine_was_off(data):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    (data / "workspaces/heart/note.txt").write_text("kept")
    unmount(data)
    assert not disk.stands
    assert (data / "workspaces/heart").stat().st_mode & 0o777 == 0
    with pytest.raises(Refusal, match="heart is not mounted"):
        refuse_unmounted(data)
    assert known(data) == [disk]
    disk.ensure(None)
    refuse_unmounted(data)
    assert (data / "workspaces/heart/note.txt").read_text() == "kept"


def test_another_size_keeps_what_is_on_it(data):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    kept = fill(data / "workspaces/heart/numbers.bin", 30 * MIB)
    assert disk.ensure(160 * MIB) == 160 * MIB
    assert (data / "workspaces/heart/numbers.bin").stat().st_size == kept
    assert fill(data / "workspaces/heart/more.bin", 90 * MIB) == 90 * MIB
    # What is on it does not fit into less; nothing is lost.
    assert disk.ensure(64 * MIB) == 160 * MIB
    assert (data / "workspaces/heart/numbers.bin").stat().st_size == kept
    (data / "workspaces/heart/more.bin").unlink()
    assert disk.ensure(96 * MIB) == 96 * MIB
    assert (data / "workspaces/heart/numbers.bin").stat().st_size == kept


def test_a_disk_that_something_uses_keeps_its_size_and_goes_on(data):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    with (data / "workspaces/heart/open.txt").open("w") as file:
        assert disk.ensure(128 * MIB) == 64 * MIB
        file.write("still there")
    assert disk.stands
    assert (data / "workspaces/heart/open.txt").read_text() == "still there"
    assert disk.ensure(128 * MIB) == 128 * MIB


def test_a_disk_that_another_namespace_has_mounted_is_mounted_from_the_same_device(data):
    """As an engine does: unmounted here, it is in use there, and a second device would destroy it."""
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    away = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; exec sleep 60"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert away.stdout.readline() == "ready\n"
        unmount(data)
        device = device_of(disk.image)
        assert device is not None
        assert disk.ensure(256 * MIB) == 64 * MIB
        assert mounted(disk.place) == device
        assert disk.ensure(256 * MIB) == 64 * MIB
        with pytest.raises(DiskError, match="in use"):
            disk.remove()
        assert disk.stands
    finally:
        away.kill()
        away.wait()
    assert disk.ensure(256 * MIB) == 256 * MIB


def test_what_a_project_had_before_it_had_a_disk_is_on_it_with_its_owners(data):
    for folder in ("workspaces", "runs"):
        (data / folder / "heart/li-wei").mkdir(parents=True)
        (data / folder / "heart/li-wei/results.csv").write_text(folder)
    os.chown(data / "workspaces/heart/li-wei", 2000, 2000)
    os.chmod(data / "workspaces/heart/li-wei", 0o2770)
    fill(data / "workspaces/heart/numbers.bin", 80 * MIB)
    disk = Disk(data, "heart")
    assert disk.ensure(64 * MIB) > 80 * MIB  # more than its quota is kept rather than lost
    assert (data / "workspaces/heart/li-wei/results.csv").read_text() == "workspaces"
    assert (data / "runs/heart/li-wei/results.csv").read_text() == "runs"
    found = (data / "workspaces/heart/li-wei").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (2000, 2000, 0o2770)
    assert not disk._moving.exists()


@pytest.mark.parametrize("killed_at", ["_move_plain_folders", "rename", "_mount", "rmtree"])
def test_moving_there_goes_on_where_it_was_cut_short(data, monkeypatch, killed_at):
    (data / "workspaces/heart").mkdir(parents=True)
    (data / "workspaces/heart/note.txt").write_text("kept")
    disk = Disk(data, "heart")

    class Killed(BaseException):
        pass

    def stop(*_args, **_more):
        raise Killed

    with monkeypatch.context() as broken:
        if killed_at == "rmtree":
            broken.setattr("provisioning.disks.disk.shutil.rmtree", stop)
        elif killed_at == "rename":
            broken.setattr(
                Path, "rename", lambda own, to: stop() if to.suffix == ".ext4" else os.rename(own, to)
            )
        elif killed_at == "_mount":
            broken.setattr(Disk, "_mount", stop)
        else:
            whole = Disk._move_plain_folders
            broken.setattr(Disk, "_move_plain_folders", lambda own: (whole(own), stop()))
        with pytest.raises(Killed):
            disk.ensure(64 * MIB)
    disk.ensure(64 * MIB)
    assert (data / "workspaces/heart/note.txt").read_text() == "kept"
    assert not disk._moving.exists()


def test_a_resizing_that_was_cut_short_is_rolled_back(data, monkeypatch):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    fill(data / "workspaces/heart/numbers.bin", 20 * MIB)
    unmount(data)
    before = disk.image.read_bytes()
    undo = disk.image.with_suffix(".undo")
    with disk.image.open("r+b") as file:
        file.truncate(256 * MIB)
    subprocess.run(["resize2fs", "-z", str(undo), str(disk.image)], check=True, capture_output=True)
    assert undo.exists()
    disk.ensure(64 * MIB)
    assert not undo.exists()
    assert (data / "workspaces/heart/numbers.bin").stat().st_size == 20 * MIB
    assert len(before) == 64 * MIB


def test_removing_leaves_nothing(data):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    (data / "workspaces/heart/note.txt").write_text("gone")
    disk.remove()
    assert [path.name for path in data.rglob("*") if path.is_file()] == []
    assert not (data / "workspaces/heart").exists()
    disk.remove()  # twice is once


@pytest.mark.parametrize("folder", ["workspaces/heart", "runs/heart", "disks/heart"])
def test_a_link_is_not_mounted_over(data, tmp_path, folder):
    (data / folder).parent.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (data / folder).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DiskError, match="is a link"):
        Disk(data, "heart").ensure(64 * MIB)
    assert mounted(tmp_path / "elsewhere") is None


def test_files_are_never_hidden_under_a_disk(data):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    unmount(data)
    (data / "workspaces/heart/stray.txt").write_text("written beside it")
    with pytest.raises(DiskError, match="holds files that are not on the project's disk"):
        disk.ensure(64 * MIB)
    assert (data / "workspaces/heart/stray.txt").exists()


def test_a_disk_is_never_smaller_than_a_file_system_needs(data):
    assert Disk(data, "heart").ensure(1) == image.SMALLEST


def test_a_resizing_that_is_killed_anywhere_loses_nothing(data):
    disk = Disk(data, "heart")
    disk.ensure(64 * MIB)
    content = os.urandom(20 * MIB)
    (data / "workspaces/heart/numbers.bin").write_bytes(content)
    unmount(data)
    work = f"from pathlib import Path\nfrom provisioning.disks import image\nimage.resize(Path({str(disk.image)!r}), %d)"
    killed, said = 0, (data.parent / "said").open("wb+")
    for turn in range(12):
        size = (96 + 40 * (turn % 3)) * MIB
        process = subprocess.Popen(
            [sys.executable, "-c", work % size], start_new_session=True, stdout=said, stderr=said
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.04 + 0.014 * turn)
        killed += process.poll() is None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    said.seek(0)
    assert killed, said.read().decode()
    disk.ensure(128 * MIB)
    assert (data / "workspaces/heart/numbers.bin").read_bytes() == content
    unmount(data)
    checked = subprocess.run(
        ["e2fsck", "-f", "-n", str(disk.image)], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
