"""What the gate refuses comes onto the audit trail once, and nobody behind its socket can take it away."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from hub_config import refusals
from hub_config.docker_gate.refusals import AT_ONCE, MOST, MOST_SUMS, SUM_WITHIN, Refusals
from provisioning.audit import reading
from provisioning.audit.verify import verify
from provisioning.registry import database

OWN = "t.engine.heart.li-wei"


@pytest.fixture
def registry(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    database.upgrade(url)
    made = database.engine(url)
    yield made
    made.dispose()


def recorded(registry: Engine) -> list[dict]:
    with database.sessions(registry)() as session:
        verify(session)
        found = reading.records(session, kind="docker-refused", limit=1000)
        assert {(each.source, each.user) for each in found} <= {("gate", "")}
        return [each.detail for each in reversed(found)]


async def take_in(gate, registry: Engine) -> int:
    return await asyncio.to_thread(refusals.take_in, registry, str(gate.ask.path))


async def test_what_is_refused_is_on_the_trail_once_with_a_word_for_why(gate, own, registry):
    secret = "a-secret-in-a-path"
    await gate.ask("POST", f"/containers/{OWN}/exec", {"Cmd": [secret]})
    await gate.ask("GET", f"/containers/json?{secret}=1")
    await gate.ask("GET", "/containers/database/json")
    await gate.ask("POST", "/containers/create?name=x", {"Labels": {}})
    await gate.ask("GET", "/containers/never-there/json")
    await gate.ask("GET", "/_ping")
    assert await take_in(gate, registry) == 4
    assert recorded(registry) == [
        {"method": "POST", "reason": "unknown-call", "count": 1},
        {"method": "GET", "reason": "query", "count": 1},
        {"method": "GET", "reason": "not-the-sites", "count": 1},
        {"method": "POST", "reason": "container", "count": 1},
    ]
    assert secret not in json.dumps(recorded(registry))
    assert await take_in(gate, registry) == 0


async def test_a_caller_can_read_them_and_nothing_else(gate, own, registry):
    await gate.ask("POST", "/containers/x/exec", {})
    for call in (
        "DELETE /carrel/refused",
        "POST /carrel/refused",
        "PUT /carrel/refused?after=0",
        "GET /carrel/refused/",
        "GET /v1.41/carrel/refused",
        "GET /carrel/../carrel/refused",
        "GET /carrel",
    ):
        method, target = call.split(" ")
        assert (await gate.ask(method, target)).status == 403, call
    for query in ("after=-1", "after=x", "after=%D9%A1", "after=1&drop=1", "limit=0", "after=" + "9" * 40):
        assert (await gate.ask("GET", f"/carrel/refused?{query}")).status == 400, query
    first = (await gate.ask("GET", "/carrel/refused?after=0")).json["refused"][0]
    assert (first["number"], first["reason"]) == (1, "unknown-call")
    assert gate.engine.reached == []
    assert (gate.data / "refusals").stat().st_mode & 0o777 == 0o700


async def test_no_container_may_have_the_folder_mounted(gate):
    body = gate.bodies.engine()
    body["HostConfig"]["Mounts"][1]["Source"] = "refusals"
    assert (await gate.create("engine", body)).status == 403


def test_numbers_go_on_after_a_gate_that_was_killed_in_the_midst_of_a_line(tmp_path):
    first = Refusals(tmp_path / "r")
    first.add("GET", "query")
    with (tmp_path / "r" / "refused.jsonl").open("a") as file:
        file.write('{"number": 2, "ti')
    again = Refusals(tmp_path / "r")
    again.add("POST", "container")
    assert [(line["number"], line["reason"]) for line in again.after(0)["refused"]] == [
        (1, "query"),
        (2, "container"),
    ]
    assert again.after(1)["last"] == 2


def test_a_flood_is_summed_and_bounded(tmp_path):
    now = [0.0]
    made = Refusals(tmp_path / "r", clock=lambda: now[0])
    for number in range(10_000):
        made.add("GET", "query")
        made.add(f"M{number}", "unknown-call")
    assert made.last <= MOST_SUMS + 1
    now[0] += SUM_WITHIN
    said = []
    while lines := made.after(said[-1]["number"] if said else 0)["refused"]:
        said += lines
    assert sum(line["count"] for line in said) == 20_000
    assert len(said) <= 3 * MOST_SUMS + 3


def test_the_oldest_give_way_and_the_trail_says_how_many(tmp_path, registry, monkeypatch):
    made = Refusals(tmp_path / "r")
    made._append(("GET", "query"), 1)
    made._count = made.last = MOST
    made.add("GET", "query")
    assert [line["number"] for line in made.after(0)["refused"]] == [1, MOST + 1]
    (tmp_path / "r" / "refused.1.jsonl").unlink()
    monkeypatch.setattr(refusals, "_ask", lambda gate, after: made.after(after))
    assert refusals.take_in(registry, "") == 1
    assert recorded(registry)[0] == {"reason": "lost", "count": MOST}
    begun_anew = Refusals(tmp_path / "other")
    begun_anew.add("PUT", "body")
    monkeypatch.setattr(refusals, "_ask", lambda gate, after: begun_anew.after(after))
    assert refusals.take_in(registry, "") == 1
    assert recorded(registry)[-1] == {"method": "PUT", "reason": "body", "count": 1}


def test_an_answer_holds_so_many_lines_and_the_next_goes_on(tmp_path):
    made = Refusals(tmp_path / "r")
    for number in range(AT_ONCE + 5):
        made._append(("GET", f"reason-{number}"), 1)
    assert len(made.after(0)["refused"]) == AT_ONCE
    assert [line["number"] for line in made.after(AT_ONCE)["refused"]] == list(
        range(AT_ONCE + 1, AT_ONCE + 6)
    )


def test_a_folder_that_cannot_be_written_stops_no_refusal(tmp_path):
    (tmp_path / "file").write_text("")
    made = Refusals(tmp_path / "file" / "r")
    made.add("GET", "query")
    assert made.after(0) == {"last": 0, "refused": []}
