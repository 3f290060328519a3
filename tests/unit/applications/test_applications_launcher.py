"""The launcher starts what the manifest names, once, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kernels import protocol
from kernels.applications.manifest import APPLICATIONS, Application, named, socket_path, table
from kernels.desk.launcher_client import EngineRefused, LauncherClient

NAME = "cohort-explorer"
LAUNCH = """
import os, sys
os.umask(0o007)
from kernels.engine.launcher import Launcher
Launcher(sockets=sys.argv[1], scratch=sys.argv[1] + "/scratch").serve()
"""


@pytest.fixture
def launcher(short_tmp: Path):
    process = subprocess.Popen([sys.executable, "-c", LAUNCH, str(short_tmp)], cwd=Path(__file__).parents[3])
    yield LauncherClient(str(short_tmp)), process
    process.terminate()
    process.wait(10)


async def answers(path: Path) -> bytes:
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_unix_connection(path)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got = await reader.read()
        writer.close()
        return got
    raise AssertionError("nothing listens")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_it_starts_once_in_its_own_session_and_again_when_it_died(launcher, short_tmp):
    client, process = launcher
    assert (await client.ask("application", patience=10, name=NAME))["running"] is False
    assert b"200 OK" in await answers(socket_path(NAME, str(short_tmp)))
    assert (await client.ask("application", name=NAME))["running"] is True
    (child,) = children(process.pid)
    assert os.getsid(child) == child
    assert Path(f"/proc/{child}/oom_score_adj").read_text().strip() == "900"
    assert socket_path(NAME, str(short_tmp)).stat().st_mode & 0o777 == 0o660
    os.kill(child, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while children(process.pid) and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert children(process.pid) == []
    assert (await client.ask("application", name=NAME))["running"] is False
    assert b"200 OK" in await answers(socket_path(NAME, str(short_tmp)))
    (child,) = children(process.pid)
    process.terminate()
    process.wait(10)
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "other",
        "cohort-explorer ",
        "Cohort-Explorer",
        "../x",
        "kernels.engine.launcher",
        None,
        7,
        ["cohort-explorer"],
        {"a": 1},
    ],
)
async def test_nothing_else_is_started(launcher, name):
    client, process = launcher
    with pytest.raises(EngineRefused, match="no application of that name"):
        await client.ask("application", patience=10, name=name)
    assert children(process.pid) == []


async def test_other_fields_change_nothing(launcher, short_tmp):
    client, process = launcher
    await client.ask(
        "application", patience=10, name=NAME, module="os", argv=["sh"], socket="/tmp/x", cwd="/root"
    )
    (child,) = children(process.pid)
    await answers(socket_path(NAME, str(short_tmp)))
    command = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    assert command[1:] == [
        b"-I",
        b"-m",
        APPLICATIONS[NAME].module.encode(),
        str(socket_path(NAME, str(short_tmp))).encode(),
        b"",
    ]


@pytest.mark.parametrize("name", ["", "a", "A-b", "a_b", "1a", "a/b", "a" * 40, "a.b", "é-x"])
def test_a_name_that_is_not_plain_is_no_name(name):
    with pytest.raises(ValueError, match="cannot name"):
        table([Application(name, {"en": "x", "zh": "x"}, "x")])


def test_names_fit_the_protocol_and_a_socket():
    assert len(APPLICATIONS) <= protocol.MAX_APPLICATIONS
    for name, application in APPLICATIONS.items():
        assert named(name) is application
        assert len(str(socket_path(name))) < 107
        assert application.title_in("en") != application.title_in("zh_CN")
