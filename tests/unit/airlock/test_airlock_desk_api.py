"""The portal's API for desks: who gets in, what they are told, files, release requests, events."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from airlock_site import Portal, desk_model, digest, line, report, token_of

from hub_config.portal import upkeep
from provisioning.registry import database, releases
from provisioning.registry.models import Project, ProjectStatus, ReleaseStatus

CONTENT = b"group,n\nA,120\n"
OTHER = token_of("ma-chao", "lung")
ADDRESSES = [
    ("GET", "desk"),
    ("PUT", "desk/files/" + digest(CONTENT)),
    ("POST", "desk/releases"),
    ("POST", "desk/events"),
    ("POST", "desk/sessions"),
]
BODIES = {
    "PUT": {"data": CONTENT},
    "POST": {"json": {}},
    "GET": {},
}


# Who gets in.


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_only_a_desk_gets_in(portal: Portal, method: str, path: str) -> None:
    portal.hub.models |= {
        "own-token-of-a-person": desk_model(
            scopes=["access:servers!user=li-wei", "users:activity!user=li-wei"]
        ),
        "the-browsers-own-token": desk_model(scopes=["access:servers!server=li-wei/heart"]),
        "a-service-of-the-hub": desk_model(kind="service"),
    }
    for token in ("made-up-by-somebody", *list(portal.hub.models)[-3:]):
        answer = await portal.ask(method, path, token, **BODIES[method])
        assert (answer.status, answer.line) == (403, "Only a desk may do this."), token
    assert (await portal.ask(method, path, None, **BODIES[method])).status == 403
    for more in ({"Cookie": "service-portal=x"}, {"Origin": "http://carrel.example"}):
        assert (await portal.ask(method, path, headers=more, **BODIES[method])).status == 403
    token = token_of("li-wei", "heart")
    answer = await portal.ask(method, f"{path}?token={token}", None, **BODIES[method])
    assert answer.status == 403, "a token in the address is in logs"
    assert portal.stored() == []
    assert portal.requests() == ()
    assert portal.events() == []


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_a_hub_that_is_away_opens_nothing(portal: Portal, method: str, path: str) -> None:
    portal.hub.away = True
    answer = await portal.ask(method, path, headers={"Accept-Language": "en"}, **BODIES[method])
    assert (answer.status, answer.line) == (503, "The hub does not answer. Try again in a minute.")


async def test_other_methods_do_nothing(portal: Portal) -> None:
    for method, path in (
        ("GET", ADDRESSES[1][1]),
        ("POST", ADDRESSES[1][1]),
        ("PUT", "desk"),
        ("GET", "desk/events"),
    ):
        assert (await portal.ask(method, path)).status == 405, (method, path)


async def test_a_desks_token_opens_nothing_else_of_the_portal(portal: Portal) -> None:
    for path in ("projects", "projects/heart/runs", "projects/heart/analyses"):
        assert (await portal.ask("GET", path)).status == 403


# What a desk is told.


async def test_a_desk_is_told_the_dictionary_and_no_row(portal: Portal) -> None:
    answer = await portal.ask("GET", "desk")
    assert answer.status == 200
    (extract,) = answer.json["extracts"]
    assert extract["folder"] == "/data/bloods"
    assert (extract["name"], extract["version"], extract["title"]) == (
        "bloods",
        2,
        {"en": "Bloods", "zh": "血液"},
    )
    (table,) = extract["tables"]
    assert table.keys() == {"name", "title", "rows", "columns"}
    assert table["columns"][1]["codes"] == {"F": {}}
    assert {frozenset(column) for column in table["columns"]} == {
        frozenset({"name", "type", "unit", "title", "codes"})
    }
    assert "131.5" not in answer.body.decode()
    told = {key: answer.json[key] for key in ("user", "project", "expires", "display")}
    display = {"bytes": None, "cells": None}
    assert told == {"user": "li-wei", "project": "heart", "expires": None, "display": display}
    assert (await portal.ask("GET", "desk", OTHER)).json["extracts"] == []


async def test_a_project_that_is_closed_says_so_and_takes_no_file(portal: Portal) -> None:
    with database.writing(portal.registry) as session:
        session.get_one(Project, "heart").status = ProjectStatus.SUSPENDED
    for method, path in ADDRESSES[:3]:
        answer = await portal.ask(method, path, headers={"Accept-Language": "zh-CN"}, **BODIES[method])
        if path != "desk/releases":
            assert answer.status == 403, path
            assert "heart" in answer.line
            assert any("一" <= letter <= "鿿" for letter in answer.line)
    assert portal.stored() == []
    assert (await report(portal, line())).status == 200, "what happened is kept all the same"


# Files.


async def test_a_file_comes_whole_and_can_come_again(portal: Portal) -> None:
    first, second = await portal.bring(CONTENT), await portal.bring(CONTENT)
    assert first.status == second.status == 201
    assert first.json == second.json
    name = digest(CONTENT)
    assert portal.stored() == [f"sha256/{name[:2]}/{name}"]


async def test_another_digest_than_was_said_leaves_nothing(portal: Portal) -> None:
    for content in (CONTENT + b"x", CONTENT[:-1], b""):
        answer = await portal.ask("PUT", f"desk/files/{digest(CONTENT)}", data=content)
        assert answer.status == 422
        assert "changed while it was copied" in answer.line
    assert portal.stored() == []


async def test_too_large_is_refused_and_leaves_nothing(portal: Portal) -> None:
    headers = {"Content-Length": str(500 * 1024**2 + 1)}
    answer = await raw(portal, "PUT", digest(CONTENT), headers)
    assert answer.startswith(b"HTTP/1.1 413")
    for length in ("", "x", "-1", "1" * 30, "१२"):
        answer = await raw(portal, "PUT", digest(CONTENT), {"Content-Length": length} if length else {})
        assert answer.split()[1] in (b"400", b"411"), length
    assert portal.stored() == []


async def test_chunks_without_a_length_are_refused(portal: Portal) -> None:
    async def endless():
        for _ in range(50):
            yield b"x" * 65536

    answer = await portal.ask("PUT", f"desk/files/{digest(b'')}", data=endless())
    assert answer.status == 411
    assert portal.stored() == []


async def test_an_upload_that_ends_in_the_middle_leaves_nothing(portal: Portal) -> None:
    for _ in range(3):
        answer = await raw(portal, "PUT", digest(CONTENT), {"Content-Length": "1000000"}, b"x" * 5000)
        assert answer == b""
    for _ in range(100):
        if not portal.stored():
            break
        await asyncio.sleep(0.05)
    assert portal.stored() == []


@pytest.mark.parametrize(
    "name", ["..%2f..%2fx", "A" * 64, "a" * 63, "%2e%2e", digest(b"") + "%00", digest(b"") + "/"]
)
async def test_a_name_that_is_no_digest_has_no_address(portal: Portal, name: str) -> None:
    answer = await raw(portal, "PUT", name, {"Content-Length": "3"}, b"abc")
    assert answer.split()[1] == b"404"


async def raw(portal: Portal, method: str, name: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Say exactly this, leave when the body is said, and return what was answered before that."""

    def work() -> bytes:
        address = urlsplit(portal.url)
        lines = [f"{method} {address.path}api/desk/files/{name} HTTP/1.1", "Host: x"]
        lines += [f"Authorization: token {token_of('li-wei', 'heart')}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        with socket.create_connection(
            (str(address.hostname), int(address.port or 0)), timeout=5
        ) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            connection.settimeout(5 if not body or len(body) == 3 else 0.3)
            try:
                return connection.recv(65536)
            except TimeoutError:
                return b""

    return await asyncio.to_thread(work)


MEMORY = """
import asyncio, hashlib, sys
from pathlib import Path
sys.path.insert(0, {here!r})
from airlock_site import start_portal
from provisioning.registry import database

CHUNK = bytes(range(256)) * 4096
COUNT = 500

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])

async def main():
    registry = database.engine({url!r})
    async for portal in start_portal(registry, Path({data!r})):
        await portal.ask("GET", "desk")
        open("/proc/self/clear_refs", "w").write("5")
        before = peak()
        whole = hashlib.sha256()
        for _ in range(COUNT):
            whole.update(CHUNK)
        async def content():
            for _ in range(COUNT):
                yield CHUNK
        length = {{"Content-Length": str(len(CHUNK) * COUNT)}}
        answer = await portal.ask("PUT", "desk/files/" + whole.hexdigest(), data=content(), headers=length)
        print(answer.status, peak() - before)

asyncio.run(main())
"""


async def test_the_largest_file_streams_in_little_memory(portal: Portal, data: Path, tmp_path: Path) -> None:
    script = MEMORY.format(here=str(Path(__file__).parent), url=str(portal.registry.url), data=str(data))
    environment = {**os.environ, "CARREL_DATA": str(data)}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script],
        env=environment,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    status, grown = done.stdout.split()
    assert status == "201"
    # Client and portal together, in KiB.
    assert int(grown) < 64 * 1024


# Release requests.


async def test_a_draft_names_what_was_brought(portal: Portal) -> None:
    files = [await portal.brought(CONTENT, "results/表 1.csv"), await portal.brought(b"x", "/notes.md")]
    first = await portal.release(files)
    second = await portal.release(files[:1])
    assert (first.status, second.status) == (201, 201)
    assert (first.json["number"], second.json["number"]) == (1, 2)
    assert first.json["url"].startswith("/services/portal/")
    made = portal.requests()[-1]
    assert (made.project, made.requested_by, made.status) == ("heart", "li-wei", ReleaseStatus.DRAFT)
    assert [(file.path, file.sha256, file.bytes) for file in made.files] == [
        ("results/表 1.csv", digest(CONTENT), len(CONTENT)),
        ("notes.md", digest(b"x"), 1),
    ]
    asked = portal.events(kind="release-asked")
    assert [(event.id, event.source) for event in asked] == [
        (first.json["id"], "portal"),
        (second.json["id"], "portal"),
    ]
    assert asked[0].detail == {"number": 1, "count": 2, "size": len(CONTENT) + 1}


async def test_another_projects_file_cannot_be_named(portal: Portal) -> None:
    mine = await portal.brought(CONTENT, "a.csv")
    stolen = [
        {"path": "a.csv", "sha256": digest(CONTENT)},
        mine,
        {**mine, "receipt": "0" * 64},
        {**mine, "receipt": "é" * 64},
        {**mine, "receipt": None},
        {**mine, "receipt": ["a"]},
        {"path": "a.csv", "sha256": digest(b"nowhere"), "receipt": mine["receipt"]},
    ]
    answers = [await portal.release([each], OTHER) for each in stolen]
    assert {(answer.status, answer.line) for answer in answers} == {
        (409, "A file was not copied to the airlock. Ask again.")
    }, "nor does the answer tell whether it is there"
    swapped = {**(await portal.brought(b"other", "b.csv")), "sha256": digest(CONTENT)}
    assert (await portal.release([swapped])).status == 409
    assert portal.requests() == ()
    assert portal.events() == []


PATHS = ["", "/", "..", "../x", "a/../b", "a//b", ".hidden", "a/.ssh/b", "a\\b", "a\nb", "a\x00b", "a" * 300]
PATHS += ["\u202egnp.exe", "\ud800", "a/" * 100 + "b", 7, None, ["a"]]


@pytest.mark.parametrize("path", PATHS)
async def test_a_path_that_is_not_plain_is_refused(portal: Portal, path: object) -> None:
    brought = await portal.brought(CONTENT, "a")
    # JSON can spell half a surrogate pair; aiohttp's own writer does.
    answer = await portal.release([{**brought, "path": path}])
    assert answer.status == 400
    assert "\n" not in answer.line
    assert portal.requests() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": ""},
        {"purpose": "  \n "},
        {"purpose": "x" * 2001},
        {"purpose": 7},
        {"purpose": "a\x1b[2Jb"},
        {"recipient": "a\nb"},
        {"recipient": "x" * 201},
        {"recipient": None},
        {"recipient": "\u202eevil"},
    ],
)
async def test_what_a_person_typed_is_plain_and_bounded(portal: Portal, changes: dict) -> None:
    answer = await portal.release([await portal.brought(CONTENT, "a")], **changes)
    assert answer.status == 400
    assert next(iter(changes)) in answer.line
    assert portal.requests() == ()


async def test_hostile_text_is_kept_as_text(portal: Portal) -> None:
    said = "<script>alert(1)</script>'; DROP TABLE release_requests; -- {number} %s"
    answer = await portal.release([await portal.brought(CONTENT, "a")], purpose=said, recipient=said)
    assert answer.status == 201
    assert portal.requests()[0].purpose == portal.requests()[0].recipient == said


async def test_bodies_that_are_no_request(portal: Portal) -> None:
    for files in (None, "a", [], [1], {"a": 1}, [[]]):
        assert (await portal.release(files)).status == 400
    many = [await portal.brought(CONTENT, "a")] * 101
    assert (await portal.release(many)).status == 400
    twice = [await portal.brought(CONTENT, "a"), await portal.brought(b"x", "a")]
    assert "named twice" in (await portal.release(twice)).line
    for body, status in ((b"{", 400), (b"\xff", 400), (b"[" * 60000, 400), (b"[]", 400)):
        headers = {"Content-Type": "application/json"}
        assert (await portal.ask("POST", "desk/releases", data=body, headers=headers)).status == status
    assert (await portal.ask("POST", "desk/releases", data="a=b")).status in (400, 415)


async def test_drafts_are_bounded_for_one_person_and_by_size(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "MOST_DRAFTS", 2)
    file = await portal.brought(CONTENT, "a")
    assert [(await portal.release([file])).status for _ in range(3)] == [201, 201, 409]
    assert (await portal.bring(b"more")).status == 409, (
        "nor does the store fill up with what cannot be asked for"
    )
    monkeypatch.setattr(releases, "MOST_DRAFTS", 20)
    monkeypatch.setattr(releases, "DRAFT_BYTES", 3 * len(CONTENT))
    assert [(await portal.release([file])).status for _ in range(2)] == [201, 409]
    assert (await portal.bring(b"more")).status == 409
    assert (await portal.bring(b"more", OTHER)).status == 201


async def test_numbers_are_given_once_also_at_the_same_time(portal: Portal) -> None:
    mine, other = await portal.brought(CONTENT, "a"), await portal.brought(b"x", "a", OTHER)
    answers = await asyncio.gather(
        *(portal.release([mine]) for _ in range(8)), *(portal.release([other], OTHER) for _ in range(8))
    )
    assert sorted(answer.json["number"] for answer in answers) == list(range(1, 17))


async def test_what_nobody_asked_for_is_swept_after_a_day(portal: Portal) -> None:
    await portal.release([await portal.brought(CONTENT, "a")])
    await portal.bring(b"never asked for")
    await portal.bring(b"just brought")
    for content in (CONTENT, b"never asked for"):
        path = portal.store.path(digest(content))
        os.utime(path, (0, time.time() - 2 * 24 * 3600))
    assert upkeep.sweep(portal.registry, portal.store) == 1
    assert portal.store.size(digest(b"never asked for")) is None
    assert len(portal.stored()) == 2
