"""What the process that mounts takes: a project's name and a size, one line at a time."""

from __future__ import annotations

import json
import socket
from contextlib import suppress

import pytest

from provisioning.disks import client
from provisioning.disks.__main__ import answer
from provisioning.disks.disk import Disk
from provisioning.disks.mounting import DiskError

MIB = 1024**2


def test_a_disk_is_had_and_removed_over_the_socket(server, data):
    assert client.ensure(server, "heart", 64 * MIB) == 64 * MIB
    assert Disk(data, "heart").stands
    assert client.ensure(server, "heart", None) == 64 * MIB
    client.remove(server, "heart")
    assert not Disk(data, "heart").image.exists()
    with pytest.raises(DiskError, match="has no disk yet"):
        client.ensure(server, "heart", None)


def test_only_its_owner_may_ask(server):
    assert server.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "sent", [b"", b"\n", b"{\n", b"[]\n", b"[" * 4000 + b"\n", b"x" * 10_000 + b"\n", b'{"do": "ensure"}\n']
)
def test_nonsense_keeps_nobody_from_the_next(server, sent):
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(server))
        said = b""
        with suppress(ConnectionResetError, BrokenPipeError):
            caller.sendall(sent)
            caller.shutdown(socket.SHUT_WR)
            said = caller.recv(4096)
    assert said == b"" or "error" in json.loads(said)
    assert client.ensure(server, "heart", 64 * MIB) == 64 * MIB


@pytest.mark.parametrize("project", ["", "..", "../etc", "a/b", "Heart", "a" * 33, "-x", "heart\n", 7, None])
def test_what_is_no_projects_name_is_refused(tmp_path, project):
    said = answer(json.dumps({"do": "ensure", "project": project, "size": 64 * MIB}).encode(), tmp_path)
    assert said == {"error": "This is not a project's name."}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, -1, 1.5, "1", True, 1024**6])
def test_what_is_no_size_is_refused(tmp_path, size):
    said = answer(json.dumps({"do": "ensure", "project": "heart", "size": size}).encode(), tmp_path)
    assert said == {"error": "A disk's size is a number of bytes."}


def test_nothing_else_can_be_asked(tmp_path):
    said = answer(b'{"do": "mount", "project": "heart"}', tmp_path)
    assert said == {"error": "A disk can be ensured and removed, nothing else."}


def test_a_process_that_is_not_there_is_one_line(short_tmp):
    with pytest.raises(DiskError, match="does not answer"):
        client.ensure(short_tmp / "none.sock", "heart", 64 * MIB)
