"""Real disks on this machine: as root, with loop devices."""

from __future__ import annotations

import os
import subprocess
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
