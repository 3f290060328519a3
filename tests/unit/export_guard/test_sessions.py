"""The desk tells of its person's sessions and shuts those that are over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from export_guard.portal_client import PortalAway
from export_guard.sessions import OVER, Sessions, key_of
from provisioning.accounts import sessions as registry_sessions


class Window:
    def __init__(self) -> None:
        self.closed: list[int] = []

    def close(self, code: int, reason: str) -> None:
        self.closed.append(code)


def user(session_id: str | None) -> Any:
    return SimpleNamespace(username="lin", hub_user={"name": "lin", "session_id": session_id})


class Portal:
    def __init__(self, over: dict[str, str] | None = None, away: bool = False) -> None:
        self.told: list[dict[str, Any]] = []
        self.over, self.away = over or {}, away

    async def __call__(self, document: dict[str, Any]) -> dict[str, Any]:
        if self.away:
            raise PortalAway("nobody")
        self.told.append(document)
        return {"over": self.over}


def test_desk_and_registry_name_a_session_alike():
    assert key_of(user("abc")) == registry_sessions.key("abc")
    assert key_of(user(None)) is None


async def test_what_a_person_did_is_told_once():
    desk, portal = Sessions(), Portal()
    desk.acted(user("a"))
    desk.acted(user("a"))
    await desk.once(portal)
    await desk.once(portal)
    assert portal.told == [{"acted": [key_of(user("a"))], "open": []}]


async def test_what_could_not_be_told_is_told_later():
    desk, portal = Sessions(), Portal()
    desk.acted(user("a"))
    with pytest.raises(PortalAway):
        await desk.once(Portal(away=True))
    await desk.once(portal)
    assert portal.told[0]["acted"] == [key_of(user("a"))]


async def test_the_windows_of_a_session_that_is_over_are_shut_and_no_others():
    desk, mine, other = Sessions(), Window(), Window()
    desk.opened(user("a"), mine)
    desk.opened(user("b"), other)
    await desk.once(Portal({key_of(user("a")): "idle"}))
    assert (mine.closed, other.closed) == ([OVER], [])
    assert desk.is_over(user("a"))
    assert not desk.is_over(user("b"))
