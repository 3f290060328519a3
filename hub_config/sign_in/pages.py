"""The sign-in's pages: name, password and code; enrolment; the first change of a password; why it ended.

Each step proves something more, and only the last one asks the hub for a session. Between them a cookie
holds a random number (`pending`), good for the sign-in's own pages.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import Any

from jupyterhub._xsrf_utils import _set_xsrf_cookie
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LoginHandler, LogoutHandler
from jupyterhub.utils import url_path_join
from markupsafe import Markup
from tornado import web

import locales
from hub_config.portal import hub_pages
from hub_config.sign_in import records
from hub_config.sign_in.pending import Pending
from hub_config.sign_in.registry import Proved, RegistrySignIn
from provisioning.accounts import totp
from provisioning.accounts.attempt import Attempt, Outcome
from provisioning.accounts.credentials import choose_password, credentials_of, enrol
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.models import Account

log = logging.getLogger("carrel.sign_in")

COOKIE = "carrel-sign-in"
STEPS = "sign-in"
LONGEST_FIELD = 2048

OVER = {
    "idle": "You were signed out because nothing was done for {minutes} minutes. Sign in again to go on.",
    "age": "You were signed out because a session lasts {hours} hours at most. Sign in again to go on.",
    "password": "You were signed out because an administrator set a new password.",
    "totp": "You were signed out because an administrator reset your one-time codes.",
    "sign-out": "You are signed out.",
}
"""What the sign-in says of a session that ended; nothing of a suspended account before its password."""

WRONG = "The name, the password or the code is wrong. Several wrong tries shut an account for a while."


def handlers(sign_in: type[BaseHandler]) -> list[tuple[str, Any]]:
    """The pages for `Authenticator.get_handlers`, with ``sign_in`` as the first one."""
    return [
        (r"/login", sign_in),
        (r"/logout", SignOut),
        (rf"/{STEPS}/code", CodePage),
        (rf"/{STEPS}/enrol", EnrolPage),
        (rf"/{STEPS}/password", ChangePage),
    ]


def say(message: str, **values: object) -> str:
    """``message`` in the reader's language."""
    return locales.text(hub_pages.language(), message, **values)


class Step(BaseHandler):
    """What the pages share: the sign-in that they belong to, where it goes on, and its end."""

    authenticator: RegistrySignIn

    @property
    def address(self) -> str:
        """Where the request comes from."""
        return str(self.request.remote_ip or "")

    def field(self, name: str, *, strip: bool = False) -> str:
        """A field of the form, '' where it is absent or too long."""
        given = self.get_body_argument(name, "", strip=strip)
        return given if len(given) <= LONGEST_FIELD else ""

    def token(self) -> str | None:
        """The token of the sign-in between steps."""
        kept = self.get_secure_cookie(COOKIE, max_age_days=1)
        return kept.decode() if kept else None

    def _path(self) -> str:
        return url_path_join(self.hub.base_url, STEPS)

    async def go_on(self, pending: Pending, token: str | None = None) -> None:
        """The next step, or the session when none is left."""
        step = "code" if pending.code else "enrol" if pending.enrol else "password" if pending.change else ""
        if step:
            if token is None:
                token = self.authenticator.waiting.add(pending)
                self._set_cookie(COOKIE, token, path=self._path(), samesite="Lax", expires_days=None)
            self.redirect(url_path_join(self._path(), step))
            return
        if token is not None:
            self.authenticator.waiting.drop(token)
            self.clear_cookie(COOKIE, path=self._path())
        user = await self.login_user(Proved(pending.account))
        if user is None:
            await self.turn_away(say("Your account is suspended. Ask an administrator."), 403)
            return
        self._jupyterhub_user = user
        self.redirect(self._validate_next_url(pending.next) or self.get_next_url(user))

    async def turn_away(self, line: str, status: int) -> None:
        """Answer with the sign-in page and one line."""
        self.set_status(status)
        await self.show("login.html", login_error=line, next=self.get_argument("next", ""))

    async def show(self, template: str, **values: Any) -> None:
        """A page with a form, and the token that the form needs."""
        self.set_header("Cache-Control", "no-store")
        xsrf = self.xsrf_token
        if self.request.method == "GET":
            _set_xsrf_cookie(self, self._xsrf_token_id, cookie_path=self.hub.base_url, xsrf_token=xsrf)
        values.setdefault("login_error", None)
        login_url = self.authenticator.login_url(self.hub.base_url)
        page = self.render_template(
            template, xsrf=xsrf.decode("ascii"), authenticator_login_url=login_url, **values
        )
        self.finish(await page)

    async def get(self) -> None:
        """The step's page, or the sign-in where no step is due."""
        pending = self.pending()
        if pending is not None:
            await self.ask(pending)

    def pending(self) -> Pending | None:
        """The sign-in that this step is due for; else this sends the browser back."""
        found = self.authenticator.waiting.find(self.token())
        if found is None or not self.due(found):
            self.redirect(self.settings["login_url"])
            return None
        return found

    def due(self, pending: Pending) -> bool:
        """Whether this step comes next."""
        raise NotImplementedError

    async def ask(self, pending: Pending, line: str | None = None) -> None:
        """Show the step's form."""
        raise NotImplementedError

    async def again(self, pending: Pending, line: str) -> None:
        """The form once more with what is wrong, or the beginning after too many tries."""
        token = self.token() or ""
        if self.authenticator.waiting.tried(token, pending):
            self.set_status(403)
            await self.ask(pending, line)
        else:
            self.redirect(self.settings["login_url"])


class SignInPage(LoginHandler, Step):
    """``/hub/login``: name, password, code."""

    async def get(self) -> None:
        user = self.current_user
        if user:
            self.set_login_cookie(user)
            self.redirect(self.get_next_url(user), permanent=False)
            return
        over = await self.authenticator.why_over(self.get_session_cookie())
        await self.show(
            "login.html", next=self.get_argument("next", ""), login_notice=over_line(self.authenticator, over)
        )

    def render_template(self, name: str, **values: Any) -> Any:
        if name == "error.html" and self.request.method == "POST":
            # A form that is out of date, or malformed: the page again, not an error page.
            values.setdefault("login_error", values.get("message") or "")
            values.setdefault("next", "")
            values["xsrf"] = self.xsrf_token.decode("ascii")
            values["authenticator_login_url"] = self.authenticator.login_url(self.hub.base_url)
            name = "login.html"
        return BaseHandler.render_template(self, name, **values)

    async def post(self) -> None:
        began = time.monotonic()
        name = self.field("username", strip=True)
        tried: Attempt = await self.authenticator.attempt(  # type: ignore[attr-defined]
            name, self.field("password"), self.field("code"), self.address
        )
        if tried.outcome is not Outcome.OPEN:
            await asyncio.sleep(max(0.0, began + self.authenticator.refusal_seconds - time.monotonic()))
            status, line = refusal(tried)
            await self.turn_away(line, status)
            return
        await self.go_on(
            Pending(
                tried.account,
                self.get_argument("next", ""),
                enrol=not tried.enrolled,
                change=tried.must_change and self.authenticator.ldap is None,  # type: ignore[attr-defined]
            )
        )


def refusal(tried: Attempt) -> tuple[int, str]:
    """Status and line for a try that opened nothing."""
    if tried.outcome is Outcome.SUSPENDED:
        return 403, say("Your account is suspended. Ask an administrator.")
    if tried.outcome is Outcome.LOCKED:
        return 403, say(
            "Your account is shut after wrong tries, for {minutes} more minutes. "
            "An administrator can open it sooner.",
            minutes=_minutes(tried.until),
        )
    if tried.outcome is Outcome.THROTTLED:
        return 429, say(
            "Too many wrong tries came from your network. Try again in {minutes} minutes.",
            minutes=_minutes(tried.until),
        )
    return 403, say(WRONG)


def _minutes(until: datetime | None) -> int:
    return 1 if until is None else max(1, -int(-(until - utc_now()).total_seconds() // 60))


def over_line(authenticator: RegistrySignIn, reason: str | None) -> str | None:
    """What to say of the session that the browser had."""
    if reason not in OVER or reason == "sign-out":
        return None
    minutes, hours = authenticator.idle_timeout // 60, round(authenticator.session_limit / 3600)
    return say(OVER[reason], minutes=minutes, hours=hours)


class CodePage(Step):
    """``/hub/sign-in/code``: the one-time code of somebody whom an identity provider has named."""

    def due(self, pending: Pending) -> bool:
        return pending.code

    async def ask(self, pending: Pending, line: str | None = None) -> None:
        await self.show("sign_in_code.html", account=pending.account, login_error=line)

    async def post(self) -> None:
        pending = self.pending()
        if pending is None:
            return
        began = time.monotonic()
        tried = await self.authenticator.take_code(pending.account, self.field("code"), self.address)
        if tried.outcome is not Outcome.OPEN:
            await asyncio.sleep(max(0.0, began + self.authenticator.refusal_seconds - time.monotonic()))
            wrong = tried.outcome is Outcome.WRONG
            await self.again(pending, say("The code is wrong.") if wrong else refusal(tried)[1])
            return
        pending.code = False
        await self.go_on(pending, self.token())


class EnrolPage(Step):
    """``/hub/sign-in/enrol``: a second factor for an account that has none."""

    def due(self, pending: Pending) -> bool:
        return pending.enrol and not pending.code

    async def ask(self, pending: Pending, line: str | None = None) -> None:
        pending.secret = pending.secret or totp.new_secret()
        drawn = totp.qr_svg(totp.address(pending.secret, pending.account, self.authenticator.site_name))
        await self.show(
            "sign_in_enrol.html",
            account=pending.account,
            qr=Markup(drawn),  # noqa: S704 (made of our own text, escaped by segno)
            secret=totp.grouped(pending.secret),
            login_error=line,
        )

    async def post(self) -> None:
        pending = self.pending()
        if pending is None:
            return
        step = totp.matching_step(pending.secret, self.field("code"), utc_now()) if pending.secret else None
        if step is None:
            await self.again(pending, say("The code is wrong. Is the time of your phone right?"))
            return
        await asyncio.to_thread(self._enrol, pending, step)
        pending.enrol = False
        await self.go_on(pending, self.token())

    def _enrol(self, pending: Pending, step: int) -> None:
        with database.writing(self.authenticator.registry) as session:
            enrol_once(session, pending.account, pending.secret, step)
        records.record(self.authenticator.registry, "totp-enrolled", pending.account)


def enrol_once(session: Any, account: str, secret: str, step: int) -> None:
    """Enrol, unless another window did in between: whoever came first holds the second factor."""
    if credentials_of(session, account).totp_secret is not None:
        raise web.HTTPError(409, say("This account has a second factor already. Sign in with it."))
    enrol(session, account, secret, step)


class ChangePage(Step):
    """``/hub/sign-in/password``: one's own password instead of the one that somebody else gave."""

    def due(self, pending: Pending) -> bool:
        return pending.change and not pending.code and not pending.enrol

    async def ask(self, pending: Pending, line: str | None = None) -> None:
        await self.show("sign_in_password.html", account=pending.account, login_error=line)

    async def post(self) -> None:
        pending = self.pending()
        if pending is None:
            return
        password = self.field("new_password")
        if password != self.field("repeated"):
            await self.again(pending, say("The two passwords differ."))
            return
        try:
            await asyncio.to_thread(self._change, pending.account, password)
        except Refusal as refused:
            await self.again(pending, refused.text(hub_pages.language()))
            return
        pending.change = False
        await self.go_on(pending, self.token())

    def _change(self, name: str, password: str) -> None:
        words = (self.authenticator.site_name, *self.authenticator.password_words)
        with database.writing(self.authenticator.registry) as session:
            account = session.get(Account, name)
            if account is None:
                raise Refusal("Your account is suspended. Ask an administrator.")
            choose_password(session, account, password, words)
        records.record(self.authenticator.registry, "password-changed", name)


class SignOut(LogoutHandler):
    """``/hub/logout``: ends the session for hub, portal and desks alike."""

    async def default_handle_logout(self) -> None:
        user, session_id = self.current_user, self.get_session_cookie()
        await super().default_handle_logout()
        if user:
            await self.authenticator.sign_out(user.name, session_id)

    async def render_logout_page(self) -> None:
        self.finish(await self.render_template("logout.html"))
