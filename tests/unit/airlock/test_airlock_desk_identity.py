"""Only a desk's own token is a desk's: asked of the real hub, then of every forgery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from airlock_hub import RealHub, start_hub
from airlock_site import desk_model
from tornado.httputil import HTTPHeaders

from hub_config.portal.desk_identity import DeskId, desk_of, token_in


@pytest.fixture
async def real_hub(tmp_path: Path) -> AsyncIterator[RealHub]:
    hub = await start_hub(tmp_path)
    yield hub
    await hub.close()


async def test_the_real_hub_tells_a_desks_token_from_all_others(real_hub: RealHub) -> None:
    token = await real_hub.desk_token("li-wei", "heart")
    told = await real_hub.model(token)
    assert desk_of(told) == DeskId("li-wei", "heart")
    assert told is not None
    assert set(told["scopes"]) == set(desk_model()["scopes"]), "what the other tests are made of"

    other = await real_hub.desk_token("ma-chao", "lung")
    assert desk_of(await real_hub.model(other)) == DeskId("ma-chao", "lung")
    own = real_hub.user("li-wei").new_api_token()
    assert desk_of(await real_hub.model(own)) is None, "a person's own token"
    narrowed = real_hub.user("li-wei").new_api_token(scopes=["access:servers!server=li-wei/heart"])
    assert desk_of(await real_hub.model(narrowed)) is None, "one narrowed to a server"
    assert desk_of(await real_hub.model("p" * 64)) is None, "the portal's own token"
    assert desk_of(await real_hub.model("made-up")) is None


@pytest.mark.parametrize("forgetful", [False, True])
async def test_the_token_in_the_browsers_cookie_is_not_the_desks(real_hub: RealHub, forgetful: bool) -> None:
    # The cookie is signed, not encrypted: with developer tools a person reads the token in it.
    token = await real_hub.desk_token("li-wei", "heart")
    in_browser = await real_hub.browser_token("li-wei", "heart", token, forgetful=forgetful)
    told = await real_hub.model(in_browser)
    assert told is not None
    assert "access:servers!server=li-wei/heart" in told["scopes"]
    assert desk_of(told) is None
    # Not by the session alone.
    assert desk_of({**told, "session_id": None}) is None


SERVER = "access:servers!server=li-wei/heart"


@pytest.mark.parametrize(
    "model",
    [
        None,
        {},
        desk_model(kind="service"),
        desk_model(session_id="a"),
        desk_model(name=None),
        desk_model(name="ma-chao"),
        desk_model(name="../li-wei"),
        desk_model(scopes=None),
        desk_model(scopes=[]),
        desk_model(scopes=SERVER),
        desk_model(scopes=[SERVER]),
        desk_model(scopes=["access:servers", "users:activity!user=li-wei"]),
        desk_model(scopes=["access:servers!user=li-wei", "users:activity!user=li-wei"]),
        desk_model(scopes=["access:servers!server=li-wei/", "users:activity!user=li-wei"]),
        desk_model(scopes=["access:servers!server=li-wei/a/b", "users:activity!user=li-wei"]),
        desk_model(scopes=["access:servers!server=li-wei/../x", "users:activity!user=li-wei"]),
        desk_model(scopes=["access:servers!server=ma-chao/lung", "users:activity!user=li-wei"]),
        desk_model(scopes=[SERVER, "users:activity"]),
        desk_model(scopes=[SERVER, "users:activity!user=ma-chao"]),
        desk_model(scopes=[*desk_model()["scopes"], "access:servers!server=li-wei/old"]),
        desk_model(scopes=[*desk_model()["scopes"], "access:services!service=portal"]),
        desk_model(scopes=[*desk_model()["scopes"], "tokens!user=li-wei"]),
    ],
)
def test_what_is_not_exactly_a_desks_is_nobodys(model: dict | None) -> None:
    assert desk_of(model) is None


GOOD = "token " + "a" * 32


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ([("Authorization", GOOD)], True),
        ([], False),
        ([("Authorization", "bearer " + "a" * 32)], False),
        ([("Authorization", "token short")], False),
        ([("Authorization", GOOD), ("Authorization", GOOD)], False),
        ([("Authorization", GOOD + ", " + GOOD)], False),
        ([("Authorization", GOOD), ("Cookie", "service-portal=x")], False),
        ([("Authorization", GOOD), ("Origin", "http://carrel.example")], False),
        ([("Authorization", GOOD), ("Sec-Fetch-Site", "same-origin")], False),
    ],
)
def test_a_token_comes_in_one_header_and_never_with_a_browsers(headers: list, taken: bool) -> None:
    made = HTTPHeaders()
    for name, value in headers:
        made.add(name, value)
    assert (token_in(made) is not None) is taken
