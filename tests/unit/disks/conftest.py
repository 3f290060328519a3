"""Real disks on this machine: as root, with loop devices."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.disks.mounting import LOOP_CONTROL, below


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder; what a test mounts there is unmounted."""
    if os.geteuid() != 0 or not os.path.exists(LOOP_CONTROL):
        pytest.skip("mounting wants root and loop devices")
    place = tmp_path / "data"
    place.mkdir()
    yield place
    for mount in below(place):
        subprocess.run(["umount", "--lazy", str(mount)], check=True)


@pytest.fixture
def server(data: Path, short_tmp: Path) -> Iterator[Path]:
    """The socket of the process that mounts, which runs."""
    path = short_tmp / "disks.sock"
    process = subprocess.Popen(
        [sys.executable, "-m", "provisioning.disks"],
        env={"CARREL_DISKS": str(path), "CARREL_DATA": str(data), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    deadline = time.monotonic() + 10
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield path
    process.kill()
    process.wait()
