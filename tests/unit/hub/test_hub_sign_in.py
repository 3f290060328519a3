"""Signing in against the registry, step by step, and staying signed in no longer than the registry allows."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import aiohttp
import pyotp
import pytest
from jupyterhub import orm

from hub_config.sign_in import RegistryAuthenticator
from provisioning.accounts import credentials, keys, sessions, totp
from provisioning.audit import reading
from provisioning.registry import database, roles
from provisioning.registry.columns import utc_now
from provisioning.registry.models import Account, AccountStatus, Credentials, Role, SignInSession

OWN = "galvanic otter stencil rhubarb"


class Browser:
    """A browser of its own, with the pages' forms."""

    def __init__(self, hub, language: str = "en") -> None:
        self.hub, self.language = hub, language
        self.session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept-Language": language}
        )

    async def get(self, path: str) -> tuple[int, str, str]:
        async with self.session.get(f"{self.hub.url}{path}", allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def post(self, path: str, **form: str) -> tuple[int, str, str]:
        """Fill in the form at ``path`` and send it."""
        page = (await self.get(path))[2]
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)
        form["_xsrf"] = xsrf[1] if xsrf else ""
        async with self.session.post(f"{self.hub.url}{path}", data=form, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", ""), await answer.text()

    async def sign_in(self, name: str, password: str, code: str = "") -> tuple[int, str, str]:
        return await self.post("login", username=name, password=password, code=code)

    @property
    def signed_in(self) -> bool:
        return any(cookie.key == "jupyterhub-hub-login" for cookie in self.session.cookie_jar)

    async def inside(self) -> bool:
        return (await self.get("home"))[0] == 200


@pytest.fixture
async def browser(hub):
    hub.app.authenticator.refusal_seconds = 0
    made: list[Browser] = []

    def make(language: str = "en") -> Browser:
        made.append(Browser(hub, language))
        return made[-1]

    yield make
    for each in made:
        await each.session.close()


@pytest.fixture
def code(secret):
    """The code of so many steps from now."""
    return lambda ahead=0: pyotp.TOTP(secret).generate_otp(totp.step_of(utc_now()) + ahead)


def line(page: str) -> str:
    found = re.search(r'login_error" role="alert">([^<]*)<', page)
    return found[1].strip() if found else ""


def change(registry, name: str, **values: Any) -> None:
    with database.writing(registry) as session:
        account = session.get(Account, name)
        roles.set_roles(session, account, values.pop("roles", account.roles))
        for key, value in values.items():
            setattr(account, key, value)


def change_credentials(registry, name: str, **values: Any) -> None:
    with database.writing(registry) as session:
        row = credentials.credentials_of(session, name)
        for key, value in values.items():
            setattr(row, key, value)


def row(registry, name: str) -> Credentials:
    with database.sessions(registry)() as session:
        return session.get(Credentials, name)


def recorded(registry, user: str) -> list[tuple[str, str | None]]:
    with database.sessions(registry)() as session:
        found = reading.records(session, user=user)
        return [(each.kind, each.detail.get("reason")) for each in reversed(found)]


def age(registry, **past: float) -> None:
    """Move every session into the past: what it did last, and its start with ``started``."""
    with database.writing(registry) as session:
        for each in session.query(SignInSession):
            each.active -= timedelta(seconds=past.get("active", 0))
            each.ends -= timedelta(seconds=past.get("started", 0))


# What opens.


async def test_name_password_and_code_sign_in(hub, browser, registry, password, code):
    one = browser()
    assert (await one.sign_in("li-wei", password, code()))[:2] == (302, "/services/portal/")
    assert await one.inside()
    assert recorded(registry, "li-wei") == [("sign-in", None)]
    assert row(registry, "li-wei").last_sign_in is not None


async def test_only_an_address_of_the_site_follows_a_sign_in(browser, password, code):
    for ahead, (asked, led) in enumerate(
        {"/hub/token": "/hub/token", "https://evil.example/": "/services/portal/"}.items()
    ):
        one = browser()
        answer = await one.post(f"login?next={asked}", username="li-wei", password=password, code=code(ahead))
        assert answer[1].split("?")[0] == led


@pytest.mark.parametrize(
    ("name", "given", "typed"),
    [
        ("li-wei", "wrong", None),
        ("li-wei", None, "000000"),
        ("li-wei", None, ""),
        ("li-wei", "", None),
        ("nobody", None, None),
        ("", None, None),
        ("' OR 1=1 --", None, None),
        ("gone", "wrong", None),
    ],
)
async def test_whatever_is_wrong_is_one_answer(browser, registry, password, code, name, given, typed):
    one = browser()
    status, _, page = await one.sign_in(
        name, password if given is None else given, code() if typed is None else typed
    )
    assert (status, line(page)) == (
        403,
        "The name, the password or the code is wrong. Several wrong tries shut an account for a while.",
    )
    assert not one.signed_in
    assert not await one.inside()


async def test_what_was_typed_is_on_no_record(browser, registry, caplog):
    typed = "my-own-password"
    await browser().sign_in(typed, "another-secret-word", "918273")
    with database.sessions(registry)() as session:
        kept = str([(each.user, each.kind, each.detail) for each in reading.records(session)])
    for word in (typed, "another-secret-word", "918273"):
        assert word not in kept + caplog.text
    assert recorded(registry, "-") == [("sign-in-refused", "unknown")]


async def test_a_code_is_taken_once(browser, password, code):
    now = code()
    assert (await browser().sign_in("li-wei", password, now))[0] == 302
    assert (await browser().sign_in("li-wei", password, now))[0] == 403


async def test_of_two_that_send_one_code_at_once_one_gets_in(browser, password, code):
    one, other = browser(), browser()
    now = code()
    statuses = [
        answer[0]
        for answer in await asyncio.gather(
            one.sign_in("li-wei", password, now), other.sign_in("li-wei", password, now)
        )
    ]
    assert sorted(statuses) == [302, 403]


async def test_an_earlier_code_is_not_taken_after_a_later_one(browser, password, code):
    assert (await browser().sign_in("li-wei", password, code(1)))[0] == 302
    assert (await browser().sign_in("li-wei", password, code(0)))[0] == 403


async def test_a_form_that_claims_to_be_proved_is_not(hub):
    for claim in ({"username": "li-wei"}, {"account": "li-wei", "username": "li-wei"}, {}, None):
        assert await hub.app.authenticator.get_authenticated_user(None, claim) is None


async def test_a_session_id_from_before_the_sign_in_is_no_session(hub, browser, password, code):
    one = browser()
    planted = "f" * 32
    one.session.cookie_jar.update_cookies({"jupyterhub-session-id": planted})
    await one.sign_in("li-wei", password, code())
    kept = {cookie.key: cookie.value for cookie in one.session.cookie_jar}
    assert kept["jupyterhub-session-id"] != planted
    assert await one.inside()


# Why a person cannot get in, said to nobody else.


async def test_a_suspended_person_reads_so_after_the_right_password_and_code(browser, password, code):
    status, _, page = await browser().sign_in("gone", password, code())
    assert (status, line(page)) == (403, "Your account is suspended. Ask an administrator.")


async def test_five_wrong_tries_shut_an_account_and_only_its_owner_reads_so(
    browser, registry, password, code
):
    for _ in range(5):
        await browser().sign_in("li-wei", "wrong", code())
        change_credentials(registry, "li-wei", locked_until=None) if row(
            registry, "li-wei"
        ).failed < 5 else None
    assert row(registry, "li-wei").locked_until > utc_now() + timedelta(minutes=14)
    assert ("locked-out", None) in recorded(registry, "li-wei")
    wrong = (await browser().sign_in("li-wei", "wrong", code()))[2]
    half = (await browser().sign_in("li-wei", password, "000000"))[2]
    assert line(wrong) == line(half) == line((await browser().sign_in("nobody", "wrong", code()))[2])
    right = await browser().sign_in("li-wei", password, code())
    assert right[0] == 403
    assert "shut after wrong tries, for 15 more minutes" in line(right[2])
    with database.writing(registry) as session:
        assert credentials.unlock(session, "li-wei")
    assert (await browser().sign_in("li-wei", password, code()))[0] == 302


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(browser, registry, password, code):
    guesses = [browser().sign_in("li-wei", f"wrong {number}", "0") for number in range(12)]
    await asyncio.gather(*guesses)
    assert row(registry, "li-wei").failed == 3, "the third shut the account, so the others were not looked at"


async def test_a_locked_account_without_a_second_factor_tells_no_guesser(browser, registry, password):
    with database.writing(registry) as session:
        credentials.reset_totp(session, "li-wei")
    change_credentials(registry, "li-wei", locked_until=utc_now() + timedelta(hours=1))
    status, _, page = await browser().sign_in("li-wei", password)
    assert status == 403
    assert line(page).startswith("The name, the password or the code is wrong.")


async def test_one_address_has_so_many_wrong_tries_and_they_outlast_the_hub(hub, browser, registry, code):
    hub.app.authenticator.address_failures = 3
    statuses = [(await browser().sign_in(f"nobody-{number}", "x"))[0] for number in range(5)]
    assert statuses == [403, 403, 403, 429, 429]
    again = RegistryAuthenticator(address_failures=3)
    tried = await again.attempt("li-wei", "x", "", "127.0.0.1")
    assert tried.outcome == "throttled"


async def test_a_refusal_takes_the_same_time_for_every_name(hub, browser, password):
    hub.app.authenticator.refusal_seconds = 0.4
    for name in ("li-wei", "nobody"):
        one = browser()
        began = asyncio.get_running_loop().time()
        await one.sign_in(name, "wrong")
        assert asyncio.get_running_loop().time() - began >= 0.4


# The steps of a new account.


async def test_a_new_account_enrols_and_changes_its_password_before_there_is_a_session(
    hub, browser, registry, password
):
    with database.writing(registry) as session:
        credentials.reset_totp(session, "li-wei")
    change_credentials(registry, "li-wei", must_change=True)
    one = browser()
    assert (await one.sign_in("li-wei", password))[:2] == (302, "/hub/sign-in/enrol")
    assert not one.signed_in
    page = (await one.get("sign-in/enrol"))[2]
    assert "<svg" in page
    secret = re.search(r'id="secret">([^<]+)<', page)[1].replace(" ", "")
    assert secret == re.search(r'id="secret">([^<]+)<', (await one.get("sign-in/enrol"))[2])[1].replace(
        " ", ""
    )
    for path in ("sign-in/password", "sign-in/code"):
        assert (await one.get(path))[:2] == (302, "/hub/login"), "no step can be left out"
    assert (await one.post("sign-in/enrol", code="000000"))[0] == 403
    used = pyotp.TOTP(secret).now()
    assert (await one.post("sign-in/enrol", code=used))[:2] == (302, "/hub/sign-in/password")
    assert not one.signed_in
    sealed = row(registry, "li-wei").totp_secret
    assert secret.encode() not in sealed
    assert keys.unseal("li-wei", sealed) == secret
    for new, said in (
        ("short", "12 to 1024"),
        (password, "used before"),
        ("passwordpassword1", "easy to guess"),
        ("li-wei li-wei li-wei", "easy to guess"),
    ):
        answer = await one.post("sign-in/password", new_password=new, repeated=new)
        assert answer[0] == 403
        assert said in line(answer[2])
    assert "differ" in line((await one.post("sign-in/password", new_password=OWN, repeated="x"))[2])
    assert (await one.post("sign-in/password", new_password=OWN, repeated=OWN))[:2] == (
        302,
        "/services/portal/",
    )
    assert await one.inside()
    assert recorded(registry, "li-wei") == [
        ("totp-enrolled", None),
        ("password-changed", None),
        ("sign-in", None),
    ]
    other = browser()
    assert (await other.sign_in("li-wei", OWN, used))[0] == 403, "the code that confirmed is used"
    assert (await other.sign_in("li-wei", OWN, pyotp.TOTP(secret).generate_otp(totp.step_of(utc_now()) + 1)))[
        0
    ] == 302


async def test_a_step_is_open_to_the_browser_that_came_to_it_alone(hub, browser, registry, password):
    with database.writing(registry) as session:
        credentials.reset_totp(session, "li-wei")
    one, other = browser(), browser()
    await one.sign_in("li-wei", password)
    assert (await other.get("sign-in/enrol"))[:2] == (302, "/hub/login")
    for each in hub.app.authenticator.waiting._by_token.values():
        each.until = 0
    assert (await one.get("sign-in/enrol"))[:2] == (302, "/hub/login"), "after ten minutes it is over"


async def test_who_enrols_second_does_not_replace_the_second_factor(browser, registry, password):
    with database.writing(registry) as session:
        credentials.reset_totp(session, "li-wei")
    pages = []
    for one in (browser(), browser()):
        await one.sign_in("li-wei", password)
        page = (await one.get("sign-in/enrol"))[2]
        pages.append((one, re.search(r'id="secret">([^<]+)<', page)[1].replace(" ", "")))
    statuses = [(await one.post("sign-in/enrol", code=pyotp.TOTP(key).now()))[0] for one, key in pages]
    assert statuses == [302, 409]
    assert keys.unseal("li-wei", row(registry, "li-wei").totp_secret) == pages[0][1]


async def test_a_forced_change_comes_after_the_code(browser, registry, password, code):
    change_credentials(registry, "li-wei", must_change=True)
    one = browser()
    assert (await one.sign_in("li-wei", password, code()))[:2] == (302, "/hub/sign-in/password")
    assert not one.signed_in


async def test_the_pages_speak_chinese_and_run_nothing_but_their_own(browser):
    one = browser("zh-CN")
    async with one.session.get(f"{one.hub.url}login") as answer:
        page = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert 'lang="zh-CN"' in page
    assert "script-src 'self' 'nonce-" in policy
    assert "'unsafe-inline'" not in policy


# Sessions.


async def test_a_session_ends_after_half_an_hour_of_nothing_and_says_so(browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    age(registry, active=29 * 60)
    assert await one.inside(), "which counts as activity"
    age(registry, active=29 * 60)
    assert await one.inside()
    age(registry, active=30 * 60 + 1)
    assert (await one.get("home"))[:2] == (302, "/hub/login?next=%2Fhub%2Fhome")
    assert "nothing was done for 30 minutes" in (await one.get("login"))[2]
    assert recorded(registry, "li-wei")[-1] == ("sign-out", "idle")


async def test_one_persons_open_window_does_not_keep_another_alive(browser, registry, password, code):
    idle, busy = browser(), browser()
    await idle.sign_in("li-wei", password, code(0))
    age(registry, active=31 * 60)
    await busy.sign_in("li-wei", password, code(1))
    assert await busy.inside()
    assert not await idle.inside()
    assert await busy.inside()


async def test_a_session_lasts_twelve_hours_at_most(browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    age(registry, started=12 * 3600)
    assert not await one.inside()
    assert "12 hours at most" in (await one.get("login"))[2]


async def test_a_request_of_a_program_is_no_activity(hub, browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    session_id = next(c.value for c in one.session.cookie_jar if c.key == "jupyterhub-session-id")
    token = hub.user("li-wei").new_api_token()
    hub.app.db.query(orm.APIToken).filter_by(user_id=hub.user("li-wei").id).update({"session_id": session_id})
    hub.app.db.commit()
    age(registry, active=29 * 60)
    assert await hub.ask(token, "GET", "user") == 200
    age(registry, active=2 * 60)
    assert await hub.ask(token, "GET", "user") == 403, "portal and desk are signed out with the hub"
    assert not await one.inside()


async def test_a_cookie_without_a_session_opens_nothing(browser, password, code):
    for planted in ("", "0" * 32):
        one = browser()
        await one.sign_in("li-wei", password, code(0 if planted else 1))
        one.session.cookie_jar.clear(lambda cookie: cookie.key == "jupyterhub-session-id")
        one.session.cookie_jar.update_cookies({"jupyterhub-session-id": planted} if planted else {})
        assert not await one.inside()
        break


async def test_who_signs_out_is_out_everywhere(hub, browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    stolen = {cookie.key: cookie.value for cookie in one.session.cookie_jar}
    await one.get("logout")
    other = browser()
    other.session.cookie_jar.update_cookies(stolen)
    assert not await other.inside()
    assert recorded(registry, "li-wei")[-1] == ("sign-out", "sign-out")


async def test_a_new_password_from_an_administrator_ends_the_sessions(browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    with database.writing(registry) as session:
        credentials.give_password(session, session.get(Account, "li-wei"), OWN, must_change=True)
    assert not await one.inside()
    assert "an administrator set a new password" in (await one.get("login"))[2]


async def test_the_registry_keeps_no_session_id(browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    session_id = next(c.value for c in one.session.cookie_jar if c.key == "jupyterhub-session-id")
    with database.sessions(registry)() as session:
        (kept,) = session.query(SignInSession)
    assert kept.id == sessions.key(session_id) != session_id


async def test_a_suspended_account_is_signed_out_at_once(browser, registry, password, code):
    one = browser()
    await one.sign_in("li-wei", password, code())
    change(registry, "li-wei", status=AccountStatus.SUSPENDED)
    assert not await one.inside()


async def test_a_role_that_changes_takes_effect_in_a_running_session(hub, browser, registry, password, code):
    one = browser()
    await one.sign_in("chen-jing", password, code())
    change(registry, "chen-jing", roles={Role.AUDITOR})
    await one.inside()
    assert [group.name for group in hub.user("chen-jing").groups] == ["auditor"]
