"""From an event on a desk to the registry: none lost, none twice, whatever is killed or away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from airlock_site import Portal, token_of

from export_guard.events import Emitter
from export_guard.portal_client import PortalAway, PortalClient, PortalRefused
from export_guard.recorder import BURST, Recorder
from export_guard.sender import Sender
from export_guard.spool import ACTIVE, ROOM, Spool, SpoolUnusable
from provisioning.registry.events import report

ENVIRONMENT = {"JUPYTERHUB_USER": "li-wei", "CARREL_PROJECT": "heart"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "events"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def lines(folder: Path) -> list[dict[str, Any]]:
    """All that is spooled, the oldest first."""
    files = [*sorted(folder.glob("spool-*")), folder / ACTIVE]
    return [json.loads(line) for file in files for line in file.read_bytes().splitlines()]


def client(portal: Portal, token: str = "") -> PortalClient:
    return PortalClient(token=token or token_of("li-wei", "heart"), url=portal.url, patience=5.0)


# The spool.


def test_the_folder_is_the_desks_alone(folder: Path) -> None:
    spool = Spool(folder)
    spool.append(b"{}")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    with pytest.raises(SpoolUnusable, match="another server"):
        Spool(folder)
    spool.close()
    Spool(folder).close()


def test_a_folder_that_is_none_or_a_link_in_place_of_the_file_keeps_the_desk_down(
    folder: Path, tmp_path: Path
) -> None:
    folder.write_text("")
    with pytest.raises(SpoolUnusable):
        Spool(folder)
    folder.unlink()
    folder.mkdir()
    (folder / ACTIVE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SpoolUnusable):
        Spool(folder)
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_to_be_sent_gets_no_new_lines(folder: Path) -> None:
    spool = Spool(folder)
    assert spool.waiting() == []
    spool.append(b'{"n":1}')
    (first,) = spool.waiting()
    spool.append(b'{"n":2}')
    assert spool.waiting() == [first]
    assert first.read_bytes() == b'{"n":1}\n'
    spool.drop(first)
    (second,) = spool.waiting()
    assert second.read_bytes() == b'{"n":2}\n'
    spool.drop(second)
    assert (spool.size, lines(folder)) == (0, [])
    spool.close()


def test_it_says_that_it_is_full_before_a_line_is_refused(folder: Path) -> None:
    spool = Spool(folder, bound=8 * 1024)
    line = json.dumps({"fill": "x" * 1000}).encode()
    while not spool.full:
        assert spool.append(line)
    assert spool.append(line)
    while spool.append(line):
        pass
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 8 * 1024 < spool.size + ROOM
    for segment in spool.waiting():
        spool.drop(segment)
    assert not spool.full
    assert spool.append(line)
    spool.close()


def test_a_disk_that_is_full_leaves_no_half_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(folder)
    write = os.write
    spool.append(b'{"n":1}')
    monkeypatch.setattr("export_guard.spool.os.write", lambda fd, data: write(fd, data[: len(data) // 2]))
    assert not spool.append(b'{"n":2}')
    assert spool.full

    def fails(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("export_guard.spool.os.write", fails)
    assert not spool.append(b'{"n":3}')
    monkeypatch.undo()
    assert spool.append(b'{"n":4}')
    assert not spool.full
    assert [each["n"] for each in lines(folder)] == [1, 4]
    spool.close()


def test_a_half_line_of_a_power_cut_does_not_spoil_the_next(folder: Path) -> None:
    folder.mkdir()
    (folder / ACTIVE).write_bytes(b'{"n":1}\n{"n":')
    spool = Spool(folder)
    spool.append(b'{"n":3}')
    (segment,) = spool.waiting()
    assert segment.read_bytes().splitlines() == [b'{"n":1}', b'{"n":', b'{"n":3}']
    spool.close()


def test_large_files_are_ended_so_that_they_can_be_sent_in_parts(folder: Path) -> None:
    spool = Spool(folder)
    line = json.dumps({"fill": "x" * 1000}).encode()
    for _ in range(2200):
        spool.append(line)
    assert len(list(folder.glob("spool-*"))) == 2
    assert spool.size == sum(path.stat().st_size for path in folder.glob("spool*"))
    spool.close()


# The recorder.


def test_a_flood_is_summed_and_every_event_counted(folder: Path) -> None:
    clock = Clock()
    recorder = Recorder(Spool(folder), clock)
    for _ in range(10_000):
        recorder.add("withheld", {"what": "text/html", "reason": "script", "size": 3, "cells": 1})
        recorder.add("denied", {"reason": "raw-file", "size": 0})
        clock.now += 0.0005
    recorder.add("budget-crossed", {"reason": "spent", "size": 1, "cells": 1})
    recorder.flush()
    kept = lines(folder)
    assert len(kept) < 2 * (BURST + 20 * 5 + 10) + 1
    for kind, size, cells in (("withheld", 30_000, 10_000), ("denied", 0, 0)):
        ours = [event for event in kept if event["kind"] == kind]
        assert sum(event.get("count", 1) for event in ours) == 10_000
        assert sum(event["size"] for event in ours) == size
        assert sum(event.get("cells", 0) for event in ours) == cells
    assert [event["kind"] for event in kept].count("budget-crossed") == 1
    recorder.spool.close()


def test_what_cannot_be_kept_is_counted_until_it_can(folder: Path) -> None:
    recorder = Recorder(Spool(folder, bound=8 * 1024), Clock())
    sent = 0
    while sent < 200:
        recorder.add("denied", {"reason": "raw-file", "route": "x" * 100, "size": 1})
        sent += 1
    assert recorder.full
    counted = len(lines(folder))
    for segment in recorder.spool.waiting():
        recorder.spool.drop(segment)
    recorder.flush()
    counted += sum(event["count"] for event in lines(folder))
    assert counted == sent
    assert not recorder.full
    recorder.spool.close()


HOSTILE = ["", "a\nb", "\x1b[2J", "x" * 5000, "\ud800", "\u202eevil", "' OR 1=1", "张三", "<script>", "a b"]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_kernel_or_a_client_sends_the_registry_takes_the_event(folder: Path, text: str) -> None:
    emitter = Emitter(ENVIRONMENT, Recorder(Spool(folder)))
    emitter.denial(route=text, method=text, reason=text, size=2**70)
    emitter.withheld(what=text, reason=text, size=-1)
    emitter.budget(level="warning", size=1, cells=1)
    emitter.clipboard(kind="copy-blocked", size=3)
    emitter.release_asked(id="a" * 32, number=1, count=2, size=3)
    emitter.desk(kind="desk-started")
    kept = lines(folder)
    assert len(kept) == 6
    for event in kept:
        detail = {key: value for key, value in event.items() if key not in ("id", "time", "kind")}
        report(event["id"], event["time"], event["kind"], detail)
        assert len(json.dumps(event)) < 2048
    with pytest.raises(ValueError, match="denied"):
        emitter.clipboard(kind="denied", size=1)
    assert emitter.recorder is not None
    emitter.recorder.spool.close()


# The sender.


async def test_events_reach_the_registry_once(folder: Path, portal: Portal) -> None:
    emitter = Emitter(ENVIRONMENT, recorder := Recorder(Spool(folder)))
    sender = Sender(recorder, client(portal).report)
    for number in range(450):
        recorder.add("desk-started", {"number": number})
    emitter.denial(route="/files/(.*)", method="GET", reason="raw-file", size=5)
    await sender.once()
    await sender.once()
    kept = portal.events()
    assert [event.detail.get("number") for event in kept] == [*range(450), None]
    assert kept[-1].detail == {"route": "/files/(.*)", "method": "GET", "reason": "raw-file", "size": 5}
    assert {(event.user, event.project) for event in kept} == {("li-wei", "heart")}
    assert lines(folder) == []
    recorder.spool.close()


async def test_a_portal_that_is_away_keeps_them_and_one_that_is_back_gets_them(
    folder: Path, portal: Portal
) -> None:
    recorder = Recorder(Spool(folder))
    nowhere = PortalClient(token="t" * 32, url="http://127.0.0.1:9/", patience=1.0)
    for number in range(30):
        recorder.add("desk-started", {"number": number})
        if number % 10 == 0:
            with pytest.raises(PortalAway):
                await Sender(recorder, nowhere.report).once()
    portal.hub.away = True
    with pytest.raises(PortalAway):
        await Sender(recorder, client(portal).report).once()
    portal.hub.away = False
    with pytest.raises(PortalRefused):
        await Sender(recorder, client(portal, "a-token-that-is-over").report).once()
    assert len(lines(folder)) == 30
    sender = Sender(recorder, client(portal).report)
    await sender.once()
    await sender.once()
    assert [event.detail["number"] for event in portal.events()] == list(range(30))
    recorder.spool.close()


async def test_an_answer_that_gets_lost_makes_no_event_twice(folder: Path, portal: Portal) -> None:
    recorder = Recorder(Spool(folder))
    for number in range(300):
        recorder.add("desk-started", {"number": number})
    asks = client(portal)

    async def lost(batch: bytes) -> dict[str, Any]:
        await asks.report(batch)
        raise PortalAway("the answer got lost")

    with pytest.raises(PortalAway):
        await Sender(recorder, lost).once()
    await Sender(recorder, asks.report).once()
    assert [event.detail["number"] for event in portal.events()] == list(range(300))
    recorder.spool.close()


async def test_one_bad_line_stops_no_other_and_is_put_aside(folder: Path, portal: Portal) -> None:
    spool = Spool(folder)
    recorder = Recorder(spool)
    recorder.add("desk-started", {"number": 1})
    spool.append(b'{"id":"nonsense"}')
    spool.append(b"half a li")
    spool.append(json.dumps({"id": "b" * 32, "fill": "x" * 300_000}).encode())
    recorder.add("desk-started", {"number": 2})
    await Sender(recorder, client(portal).report).once()
    events = portal.events()
    assert [event.detail["number"] for event in events if event.kind == "desk-started"] == [1, 2]
    assert "malformed" in [event.kind for event in events]
    assert (folder / "refused.jsonl").read_bytes().count(b"\n") == 2
    assert lines(folder) == []
    spool.close()


@pytest.mark.parametrize("answer", [{}, {"stored": 1}, {"refused": []}, {"message": "sign in"}])
async def test_only_the_portals_own_answer_lets_a_line_go(folder: Path, answer: dict[str, Any]) -> None:
    recorder = Recorder(Spool(folder))
    recorder.add("desk-started", {})

    async def strange(batch: bytes) -> dict[str, Any]:
        return answer

    with pytest.raises(PortalAway):
        await Sender(recorder, strange).once()
    assert len(lines(folder)) == 1
    recorder.spool.close()


async def test_it_backs_off_and_comes_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(Spool(folder))
    recorder.add("desk-started", {})
    pauses: list[float] = []
    away = True

    async def send(batch: bytes) -> dict[str, Any]:
        if away:
            raise RuntimeError("even what nobody thought of") if len(pauses) == 2 else PortalAway("away")
        return {"stored": 1, "refused": {}}

    async def sleep(pause: float) -> None:
        nonlocal away
        pauses.append(pause)
        away = len(pauses) < 12
        if len(pauses) == 15:
            raise asyncio.CancelledError

    monkeypatch.setattr("export_guard.sender.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Sender(recorder, send).run()
    assert pauses[0] == 1
    assert 1 <= pauses[1] <= 2
    assert 30 <= pauses[10] <= 60
    assert pauses[12:] == [1, 1, 1]
    assert lines(folder) == []
    recorder.spool.close()


KILLED = """
import asyncio, sys
from pathlib import Path
from export_guard.events import Emitter
from export_guard.portal_client import PortalClient
from export_guard.recorder import Recorder
from export_guard.sender import Sender
from export_guard.spool import Spool

async def main():
    recorder = Recorder(Spool(Path(sys.argv[1])))
    sender = Sender(recorder, PortalClient(token=sys.argv[3], url=sys.argv[2], patience=5.0).report)
    number = int(sys.argv[4])
    async def send():
        while True:
            await sender.once()
            await asyncio.sleep(0.01)
    task = asyncio.create_task(send())
    while True:
        recorder.add("desk-started", {"number": number})
        print(number, flush=True)
        number += 1
        await asyncio.sleep(0.0005)

asyncio.run(main())
"""


async def test_kill_9_at_any_moment_loses_none_and_makes_none_twice(folder: Path, portal: Portal) -> None:
    told = 0
    for life in range(5):
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-c", KILLED, str(folder), portal.url, token_of("li-wei", "heart"), str(told)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        assert process.stdout is not None
        until = time.monotonic() + 0.25 + 0.07 * life
        while time.monotonic() < until or told < 10:
            told = int(await process.stdout.readline()) + 1
        process.send_signal(signal.SIGKILL)
        rest = (await process.stdout.read()).split()
        told = int(rest[-1]) + 1 if rest else told
        await process.wait()
    recorder = Recorder(Spool(folder))
    sender = Sender(recorder, client(portal).report)
    while lines(folder):
        await sender.once()
    numbers = [event.detail["number"] for event in portal.events()]
    # The last line of a life may have been kept and not yet told.
    assert set(numbers) == set(range(told)) | (set(numbers) & {told})
    assert len(numbers) <= told + 5
    assert told > 100
    recorder.spool.close()
