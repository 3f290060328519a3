"""The desk's own addresses on a real server, and its records through a restart and a kill."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from airlock_desk import DeskServer, start_desk_server
from airlock_site import Portal, digest, token_of

import locales
from export_guard.desk_texts import IDS

SOURCES = Path(__file__).parents[3] / "export_guard/labextension/src"
RELEASE = {"files": ["table.csv"], "purpose": "The paper", "recipient": "Li Wei"}
ADDRESSES = [
    ("GET", "carrel/api/desk"),
    ("GET", "carrel/api/budget"),
    ("GET", "carrel/api/texts?language=en"),
    ("POST", "carrel/api/events"),
    ("POST", "carrel/api/releases"),
]


@pytest.fixture
async def desk(portal: Portal, tmp_path: Path) -> AsyncIterator[DeskServer]:
    (tmp_path / "desk").mkdir()
    made = await start_desk_server(tmp_path / "desk", portal.url, token_of("li-wei", "heart"))
    (made.workspace / "table.csv").write_text("group,n\nA,120\n")
    yield made
    made.process.kill()
    made.process.wait()


async def until(done: Callable[[], bool], within: float = 15.0) -> None:
    for _ in range(int(within / 0.1)):
        if done():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come to be")


async def test_nobody_else_gets_in_and_a_cookie_needs_its_xsrf_token(
    desk: DeskServer, portal: Portal
) -> None:
    for method, path in ADDRESSES:
        body = {"json": RELEASE} if method == "POST" else {}
        for headers in ({}, {"Authorization": "token wrong"}):
            status, _ = await desk.ask(method, path, headers=headers, **body)
            assert status in (302, 403), path
    assert portal.requests() == ()


async def test_what_the_page_is_told(desk: DeskServer) -> None:
    status, told = await desk.ask("GET", "carrel/api/desk")
    assert status == 200
    assert (told["user"], told["project"], told["extracts"][0]["name"]) == ("li-wei", "heart", "bloods")
    assert told["limits"] == {"copy_chars": 200, "paste_chars": 20_000}
    assert told["budget"].keys() == {"bytes", "limit_bytes", "cells", "limit_cells", "window_seconds"}
    assert (await desk.ask("GET", "carrel/api/budget"))[1] == told["budget"]


async def test_texts_are_the_catalogues(desk: DeskServer) -> None:
    _, chinese = await desk.ask("GET", "carrel/api/texts?language=zh_CN")
    _, english = await desk.ask("GET", "carrel/api/texts?language=en")
    assert chinese.keys() == english.keys() == set(IDS)
    assert english["Data"] == "Data"
    assert chinese["Data"] == locales.text("zh_CN", "Data") != "Data"
    for language in ("", "fr", "zh-CN", "../en", "e" * 3000):
        assert (await desk.ask("GET", f"carrel/api/texts?language={language}"))[0] == 400


def test_the_texts_are_those_that_the_page_uses() -> None:
    used: set[str] = set()
    literal = r"'(?:[^'\\]|\\.)*'"
    for file in SOURCES.rglob("*.ts"):
        source = file.read_text()
        names = dict(re.findall(rf"const ([A-Z_]+) = ({literal})", source))
        for argument in re.findall(rf"\bt\(\s*({literal}(?:\s*\+\s*{literal})*|[A-Z_]{{3,}})", source):
            parts = re.findall(literal, names.get(argument, argument))
            used.add("".join(part[1:-1].replace("\\'", "'") for part in parts))
    assert used == set(IDS)


async def test_asking_for_a_release(desk: DeskServer, portal: Portal) -> None:
    status, told = await desk.ask("POST", "carrel/api/releases", json=RELEASE)
    assert (status, told) == (201, {"number": 1, "url": "/services/portal/"})
    (made,) = portal.requests()
    assert [(file.path, file.sha256) for file in made.files] == [("table.csv", digest(b"group,n\nA,120\n"))]
    await until(lambda: bool(portal.events(kind="desk-started")))
    assert len(portal.events(kind="release-asked")) == 1, "the desk's and the portal's are one event"


async def test_what_is_refused_is_one_line_in_the_readers_language(desk: DeskServer, portal: Portal) -> None:
    (desk.workspace / "link.csv").symlink_to("table.csv")
    for changes, expected in (
        ({"files": ["link.csv"]}, 403),
        ({"files": ["../secret"]}, 400),
        ({"files": ["missing"]}, 404),
        ({"files": []}, 400),
        ({"purpose": ""}, 400),
        ({"recipient": "a\nb"}, 400),
        ({"more": 1}, 400),
    ):
        lines = {}
        for language in ("en", "zh-CN"):
            headers = {"Authorization": "token the-persons-own-token", "Accept-Language": language}
            status, told = await desk.ask(
                "POST", "carrel/api/releases", json={**RELEASE, **changes}, headers=headers
            )
            assert status == expected, (changes, told)
            lines[language] = told["message"]
        assert all(line and "\n" not in line and "{" not in line for line in lines.values())
    for body in (b"{", b"[" * 50_000, b"\xff", b""):
        headers = {"Authorization": "token the-persons-own-token", "Content-Type": "application/json"}
        assert (await desk.ask("POST", "carrel/api/releases", data=body, headers=headers))[0] == 400
    form = {"files": "table.csv", "purpose": "x", "recipient": "y"}
    assert (await desk.ask("POST", "carrel/api/releases", data=form))[0] == 400
    assert portal.requests() == ()


async def test_a_portal_that_is_away_is_said_in_a_line(desk: DeskServer, portal: Portal) -> None:
    portal.hub.away = True
    status, told = await desk.ask("POST", "carrel/api/releases", json=RELEASE)
    assert (status, "The portal does not answer" in told["message"]) == (503, True)
    status, told = await desk.ask("GET", "carrel/api/desk")
    assert (status, "The portal does not answer" in told["message"]) == (503, True)


async def test_a_page_reports_the_clipboard_and_nothing_else(desk: DeskServer, portal: Portal) -> None:
    for kind in ("copy-blocked", "paste-blocked", "drop-blocked"):
        assert (await desk.ask("POST", "carrel/api/events", json={"kind": kind, "size": 7}))[0] == 204
    bad = [
        {"kind": kind, "size": 1}
        for kind in ("denied", "desk-stopped", "", None, ["copy-blocked"], "x" * 999)
    ]
    bad += [{"kind": "copy-blocked", "size": size} for size in (-1, 1.5, "7", None, True, 2**60)]
    bad += [{"kind": "copy-blocked", "size": 1, "text": "the secret"}, [], "x", None]
    for body in bad:
        status, told = await desk.ask("POST", "carrel/api/events", json=body)
        assert status == 400, body
        assert "the secret" not in json.dumps(told)
    await until(lambda: len(portal.events(kind="drop-blocked")) == 1)
    reported = [event for event in portal.events() if event.kind.endswith("-blocked")]
    assert [(event.kind, event.detail) for event in reported] == [
        (kind, {"size": 7}) for kind in ("copy-blocked", "paste-blocked", "drop-blocked")
    ]


async def test_events_of_a_killed_desk_come_with_the_next(
    desk: DeskServer, portal: Portal, tmp_path: Path
) -> None:
    await until(lambda: bool(portal.events(kind="desk-started")))
    portal.hub.away = True
    for _ in range(20):
        await desk.ask("POST", "carrel/api/events", json={"kind": "copy-blocked", "size": 1})
    desk.process.send_signal(signal.SIGKILL)
    desk.process.wait()
    portal.hub.away = False
    assert portal.events(kind="copy-blocked") == []
    again = await start_desk_server(tmp_path / "desk", portal.url, token_of("li-wei", "heart"))
    try:
        await until(lambda: len(portal.events(kind="copy-blocked")) == 20)
        await until(lambda: len(portal.events(kind="desk-started")) == 2)
        again.process.terminate()
        again.process.wait()
        assert '"desk-stopped"' in "".join(
            file.read_text() for file in (again.home / "events").glob("spool*")
        )
    finally:
        again.process.kill()


async def test_a_second_server_of_the_same_desk_does_not_come_up(
    desk: DeskServer, portal: Portal, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="another server of this desk"):
        await start_desk_server(tmp_path / "desk", portal.url, token_of("li-wei", "heart"))
