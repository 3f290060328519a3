"""Mounting an image over a loop device, and reading what is mounted. Linux only; as root."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import struct
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

LOOP_CONTROL = "/dev/loop-control"
LOOP_CTL_GET_FREE = 0x4C82
LOOP_GET_STATUS64 = 0x4C05
LOOP_INFO64 = 232
"""Bytes of ``struct loop_info64``, which begins with the backing file's device and inode (loop(4))."""
LOOP_MAJOR = 7
OPTIONS = "nosuid,nodev,noatime,discard,noinit_itable"
"""Nothing of a project's is a device or gains rights; what it deletes is free on the host, too."""
TAKEN = 5
"""How often a loop device that somebody else takes first is looked for again."""
FREED_WITHIN = 2.0
"""Seconds that the kernel has to let a device go after it is unmounted."""


class DiskError(Exception):
    """It could not be done; the text is one line that says what and why."""


def command(words: Sequence[str], *, fine: Sequence[int] = (0,)) -> str:
    """Run a program of the file system's; returns what it printed. Raises `DiskError`."""
    try:
        done = subprocess.run(  # noqa: S603
            list(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError as error:
        raise DiskError(f"{words[0]} can't be run: {error.strerror}") from error
    if done.returncode not in fine:
        said = " ".join(done.stdout.split())[-300:]
        raise DiskError(f"{words[0]} ended with {done.returncode}: {said}")
    return done.stdout


def mounted(place: Path) -> str | None:
    """What is mounted at ``place`` itself (its source, such as ``/dev/loop3``); None: nothing."""
    wanted, found = str(place), None
    for target, source in _table():
        if target == wanted:
            found = source
    return found


def below(place: Path) -> list[Path]:
    """The mounts at ``place`` and below it, the last and deepest first."""
    inside = f"{place}/"
    return [Path(target) for target, _ in _table() if f"{target}/".startswith(inside)][::-1]


def _table() -> list[tuple[str, str]]:
    """Mount points and sources of this process's mount namespace (proc(5), mountinfo)."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        first, _, second = line.partition(" - ")
        found.append((_plain(first.split(" ")[4]), _plain(second.split(" ")[1])))
    return found


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text)


def mount_image(image: Path, place: Path) -> None:
    """Mount ``image`` at ``place``; its device goes with the last mount. Raises `DiskError`.

    An image that another container still has mounted is mounted from the same device: twice from two
    would destroy it.
    """
    device = device_of(image)
    if device is not None:
        command(["mount", "-t", "ext4", "-o", OPTIONS, device, str(place)])
        return
    for again in range(TAKEN, 0, -1):
        number = _free_device()
        try:
            command(
                ["mount", "-t", "ext4", "-o", f"loop=/dev/loop{number},{OPTIONS}", str(image), str(place)]
            )
        except DiskError:
            if again == 1 or not _backed(number).exists():
                raise
        else:
            return


def device_of(image: Path) -> str | None:
    """The loop device that ``image`` is on, whoever mounted it; None: on none."""
    wanted = image.stat()
    for backed in Path("/sys/block").glob("loop*/loop/backing_file"):
        number = int(backed.parts[3].removeprefix("loop"))
        try:
            device = os.open(_node(number), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            known = fcntl.ioctl(device, LOOP_GET_STATUS64, bytes(LOOP_INFO64))
        except OSError:
            continue  # let go meanwhile
        finally:
            os.close(device)
        if struct.unpack_from("=QQ", known) == (wanted.st_dev, wanted.st_ino):
            return f"/dev/loop{number}"
    return None


def _free_device() -> int:
    try:
        control = os.open(LOOP_CONTROL, os.O_RDWR | os.O_CLOEXEC)
        try:
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
        finally:
            os.close(control)
        _node(number)
    except OSError as error:
        raise DiskError(f"There is no loop device to mount by: {error.strerror}") from error
    return number


def _node(number: int) -> str:
    """The device's file; a container's ``/dev`` has none until somebody makes it."""
    path = f"/dev/loop{number}"
    if not os.path.exists(path):
        os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(LOOP_MAJOR, number))
    return path


def _backed(number: int) -> Path:
    return Path(f"/sys/block/loop{number}/loop/backing_file")


def bind(source: Path, place: Path) -> None:
    """Show the folder ``source`` at ``place``. Raises `DiskError`."""
    command(["mount", "--bind", str(source), str(place)])


def unmount(place: Path) -> None:
    """Unmount what is at ``place``, if anything is. Raises `DiskError` while something uses it."""
    if mounted(place) is not None:
        command(["umount", str(place)])


def let_go(image: Path) -> bool:
    """Whether nothing uses ``image`` any more, in no other container's mounts either."""
    deadline = time.monotonic() + FREED_WITHIN
    while device_of(image) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
