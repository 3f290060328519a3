"""A project's disk quota on the running site: its code can fill its own disk and nothing else."""

from __future__ import annotations

import json
import os

import pytest
from site_fixtures import run_cell

from provisioning.disks.disk import Disk

pytestmark = pytest.mark.site

MIB = 1024**2
FILL = """
import errno
written, said = 0, "all"
with open({path!r}, "wb", buffering=0) as file:
    for size in (1024 * 1024, 4096):
        try:
            while written < {most}:
                written += file.write(bytes(size))
        except OSError as error:
            said = errno.errorcode[error.errno]
print(said, written)
"""


def test_a_workspace_takes_no_more_than_the_quota_and_the_desk_says_so(project):
    project.carrel("quota", "set", project.name, "--disk", "96 MiB")
    host_before = os.statvfs(project.site.data).f_bavail
    desk = project.desk()
    desk.start()
    desk.open()
    said, written = run_cell(desk, FILL.format(path="/workspace/numbers.bin", most=500 * MIB)).split()
    assert said == "ENOSPC"
    assert 70 * MIB <= int(written) <= 96 * MIB
    state = os.statvfs(project.site.data)
    assert (host_before - state.f_bavail) * state.f_frsize < 400 * MIB
    # The desk itself goes on: its own home is not on that disk, and a save is refused with one line.
    note = {"type": "file", "format": "text", "content": "line\n" * 40_000}
    status, page = desk.person.request(
        f"{desk.path}api/contents/note.txt",
        method="PUT",
        data=json.dumps(note).encode(),
        headers={"Content-Type": "application/json", "X-XSRFToken": desk.person.xsrf(desk.path)},
    )
    assert status == 507, page
    assert json.loads(page)["message"].startswith("The disk of the project is full.")
    assert run_cell(desk, "import os; os.remove('/workspace/numbers.bin'); 6 * 7").endswith("42")
    assert run_cell(desk, FILL.format(path="/workspace/numbers.bin", most=60 * MIB)) == f"all {60 * MIB}"
    desk.stop()

    # A larger quota is there at the next start; what was there still is.
    project.carrel("quota", "set", project.name, "--disk", "300 MiB")
    desk.start()
    desk.open()
    assert run_cell(desk, "import os; os.path.getsize('/workspace/numbers.bin')") == str(60 * MIB)
    assert run_cell(desk, FILL.format(path="/workspace/more.bin", most=200 * MIB)) == f"all {200 * MIB}"
    desk.stop()
    assert Disk(project.site.data, project.name).image.stat().st_size == 300 * MIB
