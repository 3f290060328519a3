"""The cohort explorer in a real, isolated engine, asked as a desk asks it."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import duckdb
import pytest

from export_guard.applications import ApplicationSettings, Asking, Withheld
from export_guard.outputs import OutputLimits
from images.recipe import by_name
from kernels import isolation
from kernels.applications.manifest import APPLICATIONS, socket_path
from kernels.desk.launcher_client import EngineRefused, LauncherClient

pytestmark = pytest.mark.docker

ROOT = Path(__file__).resolve().parents[2]
NAME = "cohort-explorer"
STATS = by_name("engine-stats").tag
PACKAGES = "/opt/carrel/lib/python3.11/site-packages"


@pytest.fixture
def mounts(short_tmp: Path) -> list[isolation.Mount]:
    """An extract, and the working tree's code in place of the image's."""
    extract = short_tmp / "ward"
    extract.mkdir()
    duckdb.sql(
        "SELECT i AS id, CASE WHEN i < 7 THEN 'rare' WHEN i % 2 = 0 THEN 'a' ELSE 'b' END AS ward, "
        "(i * 37) % 90 AS age FROM range(1, 1001) t(i)"
    ).write_parquet(str(extract / "visits.parquet"))
    manifest = {
        "tables": [{"name": "visits", "file": "visits.parquet", "title": {"en": "Visits", "zh": "就诊"}}]
    }
    (extract / "extract.json").write_text(json.dumps(manifest))
    code = [isolation.Mount(str(ROOT / name), f"{PACKAGES}/{name}") for name in ("kernels", "locales")]
    return [isolation.Mount(str(extract), "/data/ward"), *code]


@pytest.fixture
def asking(sockets: Path) -> Asking:
    return Asking(ApplicationSettings(sockets=str(sockets)), OutputLimits())


async def _ready(sockets: Path) -> LauncherClient:
    launcher = LauncherClient(str(sockets))
    await launcher.ask("hello", patience=30)
    return launcher


async def test_counts_come_from_the_isolated_engine_and_no_small_one(start_engine, sockets, mounts, asking):
    container = start_engine(image=STATS, mounts=mounts, limits=isolation.Limits(memory=isolation.GIB))
    await _ready(sockets)
    application = APPLICATIONS[NAME]
    before = time.monotonic()
    listed = await asking.ask(application, "", "", "zh_CN")
    assert time.monotonic() - before < 15
    assert "ward/visits" in listed.data
    assert "就诊" in listed.data
    assert "1,000" in listed.data
    one = await asking.ask(application, "", "table=ward%2Fvisits&column=ward", "en")
    assert "rare" not in one.data
    assert "&lt;10" in one.data
    two = await asking.ask(application, "", "table=ward%2Fvisits&column=ward&by=age", "en")
    assert two.cells > 10
    processes = container.top()["Processes"]
    assert {process[0] for process in processes} <= {"2000", "engine"}
    assert len(processes) == 2


async def test_it_is_started_once_and_ends_with_its_engine(start_engine, sockets, mounts, asking):
    container = start_engine(image=STATS, mounts=mounts)
    launcher = await _ready(sockets)
    await asyncio.gather(*(asking.ask(APPLICATIONS[NAME], "", "", "en") for _ in range(8)))
    assert (await launcher.ask("application", name=NAME))["running"] is True
    assert len(container.top()["Processes"]) == 2
    container.stop(timeout=5)
    container.reload()
    assert container.attrs["State"]["ExitCode"] == 0


async def test_a_kernel_that_takes_the_socket_is_filtered_like_the_application(
    start_engine, sockets, mounts, asking
):
    container = start_engine(image=STATS, mounts=mounts)
    await _ready(sockets)
    await asking.ask(APPLICATIONS[NAME], "", "", "en")
    taken = (
        "import os, socket\n"
        f"path = '/run/carrel/{socket_path(NAME).name}'\n"
        "os.unlink(path); os.umask(7)\n"
        "door = socket.socket(socket.AF_UNIX); door.bind(path); door.listen()\n"
        "for extra in ('Content-Disposition: attachment\\r\\n', ''):\n"
        "    peer, _ = door.accept(); peer.recv(65536)\n"
        "    body = b'<script>x</script><a href=\"https://evil.example/\">a</a><p>shown</p>'\n"
        "    head = f'HTTP/1.1 200 OK\\r\\n{extra}Content-Type: text/html\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n'\n"
        "    peer.sendall(head.encode() + body); peer.close()\n"
    )
    old = (sockets / socket_path(NAME).name).stat().st_ino
    container.exec_run(["python", "-c", taken], detach=True)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if (sockets / socket_path(NAME).name).stat().st_ino != old:
                break
        except FileNotFoundError:
            pass
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    with pytest.raises(Withheld):
        await asking.ask(APPLICATIONS[NAME], "", "", "en")
    shown = (await asking.ask(APPLICATIONS[NAME], "", "", "en")).data
    assert "shown" in shown
    assert "script" not in shown
    assert "evil" not in shown


async def test_an_engine_without_what_it_needs_refuses(start_engine, sockets, mounts):
    start_engine(mounts=mounts)
    launcher = await _ready(sockets)
    with pytest.raises(EngineRefused, match="cannot run cohort-explorer"):
        await launcher.ask("application", name=NAME)
    with pytest.raises(EngineRefused, match="no application of that name"):
        await launcher.ask("application", name="launcher")
