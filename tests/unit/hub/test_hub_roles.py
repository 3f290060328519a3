"""The real hub on its real configuration: who may do what in it, and who may not."""

from __future__ import annotations

import json
import re
from typing import Any

from jupyterhub import orm, scopes
from running_hub import PORTAL_TOKEN

from hub_config.project_spawner import ProjectSpawner
from hub_config.sign_in import RegistryAuthenticator
from provisioning.registry import database, roles
from provisioning.registry.models import Account, AccountStatus, Role

PEOPLE = ["li-wei", "chen-jing", "zhao-lei", "sun-yan", "wu-fang"]
APART = ["zhao-lei", "sun-yan", "wu-fang"]


def change(registry, name: str, **values: Any) -> None:
    with database.writing(registry) as session:
        account = session.get(Account, name)
        roles.set_roles(session, account, values.pop("roles", account.roles))
        for key, value in values.items():
            setattr(account, key, value)


def an_hour_later(hub) -> None:
    """The hub asks the registry anew whoever comes next."""
    for user in hub.app.users.values():
        user._auth_refreshed -= 3600


async def test_nobody_has_a_scope_beyond_their_own_account_and_the_portal(hub, password):
    for name in PEOPLE:
        assert await hub.sign_in(name, password) == 302
        has = scopes.get_scopes_for(hub.user(name))
        assert not [
            scope for scope in has if re.match("admin|tokens|shares|proxy|shutdown|groups|custom", scope)
        ]
        beyond = {scope for scope in has if not scope.endswith((f"!user={name}", "!service=portal"))}
        assert beyond == set(), name
        assert not hub.user(name).admin
        assert "admin" not in [role.name for role in hub.user(name).roles]


async def test_analysts_and_engineers_have_their_own_desks_and_nobody_else_has_one(hub, password):
    for name in PEOPLE:
        await hub.sign_in(name, password)
        has = scopes.get_scopes_for(hub.user(name))
        desks = {scope for scope in has if "servers" in scope}
        if name in APART:
            assert desks == {f"read:users:servers!user={name}"} & has, f"{name} works on no data"
            assert not [scope for scope in has if re.match("servers|access:servers|delete:servers", scope)]
        else:
            assert {f"servers!user={name}", f"access:servers!user={name}"} <= desks


async def test_nobody_makes_themselves_a_token(hub, password):
    for name in PEOPLE:
        token = await hub.token(name, password)
        assert await hub.ask(token, "POST", f"users/{name}/tokens", {"note": "for my laptop"}) in (403, 404)
        assert await hub.ask(token, "GET", f"users/{name}/tokens") in (403, 404)
        assert len(hub.user(name).api_tokens) == 1, "the one that this test made for itself"


BEYOND = [
    ("POST", "users", {"usernames": ["intruder"]}),
    ("GET", "users/ma-chao", None),
    ("PATCH", "users/{me}", {"admin": True}),
    ("DELETE", "users/{me}", None),
    ("DELETE", "users/ma-chao", None),
    ("POST", "users/ma-chao/servers/lung", None),
    ("DELETE", "users/ma-chao/servers/lung", None),
    ("POST", "users/ma-chao/tokens", None),
    ("POST", "users/ma-chao/activity", {"last_activity": "2026-01-01T00:00:00Z"}),
    ("POST", "groups/intruders", None),
    ("POST", "groups/analyst/users", {"users": ["{me}"]}),
    ("GET", "proxy", None),
    ("POST", "proxy", None),
    ("GET", "info", None),
    ("GET", "shares/{me}/heart", None),
    ("POST", "shares/{me}/heart", {"user": "ma-chao"}),
    ("GET", "users/{me}/shared", None),
    ("POST", "services/intruder", {}),
    ("POST", "shutdown", None),
]


async def test_what_reaches_beyond_ones_own_desks_is_closed_to_everybody(hub, password):
    await hub.sign_in("ma-chao", password)
    for name in ("li-wei", "zhao-lei"):
        token = await hub.token(name, password)
        for method, path, body in BEYOND:
            said = json.loads(json.dumps(body).replace("{me}", name))
            status = await hub.ask(token, method, path.format(me=name), said)
            assert status in (403, 404), (name, method, path)
        for path in ("users", "groups", "services"):
            assert await hub.ask(token, "GET", path) in (200, 403)
    assert not hub.user("li-wei").admin
    assert orm.User.find(hub.app.db, "intruder") is None
    assert [group.name for group in hub.user("zhao-lei").groups] == ["admin"]


async def test_a_list_of_users_shows_nobody_but_oneself(hub, password):
    await hub.sign_in("ma-chao", password)
    token = await hub.token("li-wei", password)
    headers = {"Authorization": f"token {token}"}
    async with hub.browser.get(f"{hub.url}api/users", headers=headers) as answer:
        shown = await answer.json()
    assert answer.status == 403 or {user["name"] for user in shown} <= {"li-wei"}


async def test_the_hubs_admin_page_is_nobodys(hub, password):
    for name in PEOPLE:
        await hub.sign_in(name, password)
        assert (await hub.page("admin"))[0] == 403, name


async def test_those_who_stay_apart_from_data_start_no_desk(hub, password):
    for name in APART:
        token = await hub.token(name, password)
        assert await hub.ask(token, "POST", f"users/{name}/servers/heart") in (403, 404)
        assert await hub.ask(token, "POST", f"users/{name}/server") in (403, 404)
        assert (await hub.page(f"spawn/{name}/heart"))[0] in (403, 404)
        assert "heart" not in hub.user(name).orm_spawners


async def test_the_portal_sees_whose_desks_run_and_can_do_nothing_about_it(hub, password):
    await hub.sign_in("li-wei", password)
    assert await hub.ask(PORTAL_TOKEN, "GET", "users/li-wei") == 200
    for method, path in {
        "POST": "users/li-wei/servers/heart",
        "DELETE": "users/li-wei/servers/heart",
        "PATCH": "users/li-wei",
        "GET": "proxy",
    }.items():
        assert await hub.ask(PORTAL_TOKEN, method, path, {}) in (403, 404), (method, path)
    assert await hub.ask(PORTAL_TOKEN, "POST", "users/li-wei/tokens", {}) in (403, 404)
    assert await hub.ask(PORTAL_TOKEN, "POST", "shutdown", {}) == 403


async def test_a_desks_own_token_says_that_it_is_in_use_and_no_more(hub, password):
    await hub.sign_in("li-wei", password)
    role = orm.Role.find(hub.app.db, "server")
    assert set(role.scopes) == {"users:activity!user", "access:servers!server"}


async def test_a_suspended_person_is_signed_out_at_their_next_request(hub, registry, password):
    assert await hub.sign_in("li-wei", password) == 302
    an_hour_later(hub)
    assert await hub.page("home") == (200, "")
    change(registry, "li-wei", status=AccountStatus.SUSPENDED)
    an_hour_later(hub)
    status, place = await hub.page("home")
    assert (status, place.split("?")[0]) == (302, "/hub/login")
    assert await hub.sign_in("li-wei", password) == 403


async def test_a_suspended_persons_tokens_open_nothing(hub, registry, password):
    token = await hub.token("li-wei", password)
    an_hour_later(hub)
    assert await hub.ask(token, "GET", "user") == 200
    change(registry, "li-wei", status=AccountStatus.SUSPENDED)
    an_hour_later(hub)
    assert await hub.ask(token, "GET", "user") == 403


async def test_a_person_who_becomes_an_auditor_loses_their_desks_at_the_next_request(hub, registry, password):
    await hub.sign_in("chen-jing", password)
    assert "servers!user=chen-jing" in scopes.get_scopes_for(hub.user("chen-jing"))
    an_hour_later(hub)
    change(registry, "chen-jing", roles={Role.AUDITOR})
    await hub.page("home")
    assert [group.name for group in hub.user("chen-jing").groups] == ["auditor"]
    assert "servers!user=chen-jing" not in scopes.get_scopes_for(hub.user("chen-jing"))


async def test_a_desk_that_the_registry_denies_is_refused_with_its_line_in_the_readers_language(
    hub, password
):
    token = await hub.token("li-wei", password)
    for place, line in {
        "users/li-wei/servers/lung": "You are not a member of a project lung.",
        "users/li-wei/servers/paused": "The project paused is suspended.",
        "users/li-wei/server": "A desk belongs to a project.",
    }.items():
        said = {}
        for language in ("en", "zh-CN"):
            headers = {"Authorization": f"token {token}", "Accept-Language": language}
            async with hub.browser.post(f"{hub.url}api/{place}", headers=headers) as answer:
                assert answer.status in (403, 404)
                said[language] = (await answer.json())["message"]
        assert line in said["en"]
        assert line not in said["zh-CN"]
        assert any("一" <= letter <= "鿿" for letter in said["zh-CN"])


async def test_a_wrong_password_and_an_unknown_name_get_one_answer(hub, password):
    assert await hub.sign_in("li-wei", "wrong") == await hub.sign_in("nobody", password) == 403
    assert hub.user("nobody") is None


async def test_the_configuration_is_what_the_site_needs(hub, tmp_path):
    app = hub.app
    assert isinstance(app.authenticator, RegistryAuthenticator)
    assert app.spawner_class is ProjectSpawner
    assert app.allow_named_servers
    assert not app.admin_access
    assert not app.cleanup_servers, "desks outlive a restart of the hub"
    assert not app.proxy.should_start
    assert (tmp_path / "cookie_secret").stat().st_mode & 0o077 == 0
