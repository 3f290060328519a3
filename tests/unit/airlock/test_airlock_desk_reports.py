"""What desks report: events and sessions, under their token's name whatever they claim."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from airlock_site import Portal, line, report, token_of

from provisioning.accounts import sessions
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.events import LARGEST_NUMBER
from provisioning.registry.models import SignInSession

OTHER = token_of("ma-chao", "lung")


# Events.


async def test_events_are_kept_under_the_tokens_name_whatever_they_claim(portal: Portal) -> None:
    sent = line(route="/files/(.*)", method="GET", reason="raw-file", size=7, user="ma-chao", project="lung")
    answer = await report(portal, sent)
    assert answer.json == {"stored": 1, "known": 0, "refused": {}}
    (event,) = portal.events()
    assert (event.user, event.project, event.source, event.kind) == ("li-wei", "heart", "desk", "denied")
    assert event.detail == {"route": "/files/(.*)", "method": "GET", "reason": "raw-file", "size": 7}
    assert event.time.isoformat() == "2026-01-02T03:04:05.678000+00:00"
    assert event.received.year >= 2026


async def test_a_batch_that_comes_again_adds_nothing(portal: Portal) -> None:
    batch = [line() for _ in range(5)]
    assert (await report(portal, *batch, batch[0])).json["stored"] == 5
    again = await report(portal, *batch, line())
    assert (again.json["stored"], again.json["known"]) == (1, 5)
    assert len(portal.events()) == 6


async def test_nobody_can_stand_in_the_way_of_anothers_event(portal: Portal) -> None:
    same = uuid4().hex
    await report(portal, line(id=same, kind="copy-blocked"), token=OTHER)
    await report(portal, line(id=same, kind="denied"))
    assert [(event.user, event.kind) for event in portal.events()] == [
        ("ma-chao", "copy-blocked"),
        ("li-wei", "denied"),
    ]


BAD = [
    b"",
    b"{",
    b"[]",
    b"7",
    b"\xff\xfe",
    b"[" * 1000,
    b'{"a":' * 300,
    line(id="short"),
    line(id=7),
    line(id=uuid4().hex.upper()),
    line(kind="coffee"),
    line(kind=["denied"]),
    line(time="yesterday"),
    line(time=None),
    line(time="0001-01-01T00:00:00+23:00"),
    line(content="the secret"),
    line(text="x"),
    line(reason="a name: Zhang San"),
    line(reason=7),
    line(route="a\nb"),
    line(route="\u202ex"),
    line(route="\ud800"),
    line(route="x" * 201),
    line(method="GET /x"),
    line(what="text html"),
    line(size=-1),
    line(size=1.5),
    line(size=True),
    line(size="7"),
    line(size=LARGEST_NUMBER + 1),
    line(detail={"a": 1}),
    line(route="x" * 3000),
]


async def test_bad_lines_are_refused_by_themselves_and_the_good_ones_kept(portal: Portal) -> None:
    for bad in BAD:
        answer = await report(portal, line(), bad, line())
        assert answer.status == 200, bad
        assert answer.json["refused"].keys() == {"1"}, bad
        assert answer.json["stored"] == 2
    assert len(portal.events(kind="denied")) == 2 * len(BAD)
    malformed = portal.events(kind="malformed")
    assert [each.detail for each in malformed] == [{"count": 1, "reason": "desk-report"}] * len(BAD)


async def test_a_batch_is_bounded(portal: Portal) -> None:
    assert (await report(portal, *[line()] * 501)).status == 413
    assert (await report(portal, *[line(route="x" * 200)] * 499, b" " * 300_000)).status == 413
    assert (await portal.ask("POST", "desk/events", data=line())).status == 415
    assert portal.events() == []
    answer = await report(portal, *[line() for _ in range(500)])
    assert answer.json["stored"] == 500


async def test_refusals_are_one_line_in_the_readers_language(portal: Portal) -> None:
    said = {}
    for language in ("en", "zh-CN"):
        headers = {"Accept-Language": language}
        answer = await portal.ask("POST", "desk/releases", json={"files": []}, headers=headers)
        said[language] = answer.line
    assert all("\n" not in each and "{" not in each for each in said.values())


# Sessions.


def _session(portal: Portal, session_id: str, account: str, idle_for: int) -> str:
    now = utc_now()
    with database.writing(portal.registry) as session:
        sessions.start(session, session_id, account, sessions.Limits(), now)
        session.get(SignInSession, sessions.key(session_id)).active = now - timedelta(seconds=idle_for)
    return sessions.key(session_id)


async def test_a_desk_keeps_its_own_persons_sessions_alive_and_nobody_elses(portal: Portal) -> None:
    mine, others = (
        _session(portal, "a" * 32, "li-wei", 1700),
        _session(portal, "b" * 32, "ma-chao", 1700),
    )
    over = _session(portal, "c" * 32, "li-wei", 1801)
    told = {"acted": [mine, others, over], "open": [mine]}
    answer = await portal.ask("POST", "desk/sessions", "", json=told)
    assert answer.json == {"over": {others: "unknown", over: "idle"}}
    with database.sessions(portal.registry)() as session:
        active = {key: session.get(SignInSession, key).active for key in (mine, others, over)}
    assert utc_now() - active[mine] < timedelta(seconds=60)
    assert utc_now() - active[others] > timedelta(seconds=1600)
    assert utc_now() - active[over] > timedelta(seconds=1800), "what is over stays over"


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"acted": [], "open": ["x"]},
        {"acted": "a" * 64, "open": []},
        {"acted": ["0" * 64] * 101, "open": []},
    ],
)
async def test_sessions_that_are_none_are_refused(portal: Portal, told: dict[str, Any]) -> None:
    assert (await portal.ask("POST", "desk/sessions", "", json=told)).status == 400


# Numbers of the guard, and usage.


NUMBERS = {"shown_bytes": 10, "shown_cells": 2, "messages": 4, "filter_us": 50, "budget_permille": 250}


async def metrics_of(portal: Portal) -> str:
    portal.hub.models["m" * 32] = {"name": "metrics", "kind": "service", "scopes": []}
    headers = {"Authorization": "token " + "m" * 32}
    async with portal.session.get(f"{portal.url}metrics", headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_desks_numbers_count_for_its_own_project_whatever_it_claims(portal: Portal) -> None:
    assert (await portal.ask("POST", "desk/numbers", json=NUMBERS)).status == 200
    for claim in ({"project": "lung"}, {"user": "ma-chao"}, {"labels": {"project": "lung"}}):
        assert (await portal.ask("POST", "desk/numbers", json=NUMBERS | claim)).status == 400
        assert (await portal.ask("POST", "desk/numbers?project=lung", json=NUMBERS)).status == 200
    text = await metrics_of(portal)
    assert 'carrel_guard_shown_bytes_total{project="heart"} 40.0' in text
    assert "lung" not in text


@pytest.mark.parametrize("token", [None, "li-weis-own-token-with-32-letters"])
async def test_nobody_but_a_desk_tells_numbers(portal: Portal, token: str | None) -> None:
    if token:
        portal.hub.models[token] = {
            "name": "li-wei",
            "kind": "user",
            "scopes": ["access:servers!user=li-wei"],
        }
    assert (await portal.ask("POST", "desk/numbers", token, json=NUMBERS)).status == 403
    assert "carrel_guard_shown_bytes_total{" not in await metrics_of(portal)


async def test_a_desk_cannot_put_usage_or_a_refusal_of_the_gate_on_the_trail(portal: Portal) -> None:
    usage = {
        "part": "engine",
        "container": "a" * 12,
        "seconds": 9,
        "cpu_ms": 9,
        "memory_mib_s": 9,
        "gpu_s": 9,
    }
    for kind, detail in (
        ("resource-use", {**usage, "counter_ms": 9}),
        ("resource-use", {}),
        ("docker-refused", {"reason": "query"}),
        ("audit-pruned", {"first": 1, "last": 2, "digest": "sha256:" + "0" * 64}),
        ("audit-anchored", {}),
        ("extract-mounted", {"digest": "sha256:" + "0" * 64}),
    ):
        answer = await report(portal, line(kind=kind, **detail))
        assert (answer.json["stored"], list(answer.json["refused"])) == (0, ["0"]), kind
    assert {event.kind for event in portal.events()} == {"malformed"}
