"""What every handler of the portal shares: who asks, in which language, headers, and how it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated, UserNotAllowed
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from tornado import web

import locales
from hub_config.portal import PREFIX, headers, presence, reading
from hub_config.portal.hub_pages import language_tag
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.access import AccessDenied
from provisioning.registry.models import Account
from provisioning.registry.runs import RunRefused

log = logging.getLogger("carrel.portal")
T = TypeVar("T")

NOT_FOUND = frozenset({"not_a_member", "no_such_run", "template_not_published"})
"""Codes of `AccessDenied` that say no more than that there is nothing at this address."""
CONFLICT = frozenset({"too_many_runs"})
READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})


class Refused(web.HTTPError):
    """An answer other than success, with its line as a gettext id and places."""

    def __init__(self, status: int, message: str, **values: object) -> None:
        super().__init__(status)
        self.line = Refusal(message, **values)


class Basics(web.RequestHandler):
    """Headers, language and error pages; no sign-in."""

    policy = headers.PAGE_POLICY

    @property
    def language(self) -> str:
        """The reader's language, as `locales` names it."""
        return locales.choose(self.request.headers.get("Accept-Language"))

    @property
    def short_language(self) -> str:
        """The reader's language, as templates name it: 'en' or 'zh'."""
        return "zh" if self.language == "zh_CN" else "en"

    def say(self, message: str, **values: object) -> str:
        """``message`` in the reader's language."""
        return locales.text(self.language, message, **values)

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", self.policy)
        for name, value in headers.COMMON.items():
            self.set_header(name, value)

    def compute_etag(self) -> str | None:
        return None  # nothing is kept, so nothing is compared

    def page(self, template: str, **values: Any) -> None:
        """Answer with a page."""
        account: Account | None = getattr(self, "account", None)
        environment = self.settings["pages"]
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(
            environment.get_template(template).render(
                _=partial(locales.text, self.language),
                language=self.short_language,
                language_tag=language_tag(self.language),
                account=account,
                static=self.static_url,
                portal=PREFIX,
                hub=self.settings["hub_prefix"],
                **values,
            )
        )

    def answer_json(self, document: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(json.dumps(document, ensure_ascii=False))

    def refusal(self, status: int, error: BaseException | None) -> tuple[int, str]:
        """The status and the one line for an error."""
        if isinstance(error, Refused):
            return status, error.line.text(self.language)
        if isinstance(error, AccessDenied):
            status = 404 if error.code in NOT_FOUND else 409 if error.code in CONFLICT else 403
            return status, error.text(self.language)
        if isinstance(error, RunRefused):
            return 409, error.text(self.language)
        known = {
            400: self.say("The request cannot be understood."),
            403: self.say("You may not do this."),
            404: self.say("There is nothing at this address."),
            405: self.say("This address does not take such a request."),
        }
        return status, known.get(status, self.say("Something went wrong here. Tell an administrator."))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        status, line = self.refusal(status_code, error)
        self.set_status(status)
        self.page("error.html", status=status, reason=HTTPStatus(status).phrase, line=line)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        # A refusal is an answer, not an accident.
        if not isinstance(value, (AccessDenied, RunRefused, Refused)):
            super().log_exception(typ, value, tb)


class SignedIn(HubOAuthenticated, Basics):
    """For a person whom the hub knows and whose account is active. Default: nobody else gets in."""

    account: Account

    def initialize(self) -> None:
        self.hub_auth: HubOAuth = self.settings["hub_auth"]

    def turn_away(self) -> None:
        """Answer somebody who is not signed in."""
        self.redirect(self.get_login_url())

    async def prepare(self) -> None:
        # Awaited here and not where `current_user` is first read, which would block the loop. A cookie
        # identifies nobody in a request that needs the XSRF token and does not have it.
        model = await self.hub_auth.get_user(self, sync=False)
        if model is None:
            self._check_form()
            self.turn_away()
            return
        if not getattr(self, "_token_authenticated", False):
            self._check_form()
        try:
            self.check_hub_user(model)
        except UserNotAllowed as error:
            raise Refused(403, "You may not use the portal. Ask an administrator.") from error
        if model.get("kind") != "user":
            raise Refused(403, "You may not use the portal. Ask an administrator.")
        self.current_user = model
        self.account = await self.ask(reading.account, model["name"])
        if self.says_somebody_is_there and model.get("session_id"):
            await asyncio.to_thread(
                presence.acted, self.registry, self.account.name, str(model["session_id"])
            )

    @property
    def says_somebody_is_there(self) -> bool:
        """Whether only a person makes such a request, and no page by itself."""
        return not getattr(self, "_token_authenticated", False)

    def _check_form(self) -> None:
        if self.request.method in READ_ONLY:
            return
        try:
            self.hub_auth.check_xsrf_cookie(self)
        except web.HTTPError as error:
            raise Refused(
                403, "This page is out of date. Load it again, then repeat what you did."
            ) from error

    async def ask(self, question: Callable[..., T], *values: Any) -> T:
        """The answer of a function of `reading` to this session and ``values``."""

        def work() -> T:
            with database.sessions(self.registry)() as session:
                return question(session, *values)

        return await asyncio.to_thread(work)

    async def ask_mine(self, question: Callable[..., T], *values: Any) -> T:
        """As `ask`, for the account that is signed in."""
        return await self.ask(question, self.account.name, *values)

    @property
    def registry(self) -> Engine:
        """The registry's engine."""
        return self.settings["registry"]

    def page(self, template: str, **values: Any) -> None:
        # Reading the token sets its cookie; an error page may come before anybody is known.
        xsrf = self.xsrf_token.decode("ascii") if hasattr(self, "account") else ""
        super().page(template, xsrf=xsrf, **values)


class SignedInApi(SignedIn):
    """The same for programs: errors are ``{"message": …}``, and nobody is redirected."""

    @property
    def says_somebody_is_there(self) -> bool:
        # The page of a run asks each second.
        return self.request.method not in READ_ONLY and super().says_somebody_is_there

    def turn_away(self) -> None:
        raise Refused(403, "Sign in first.")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        status, line = self.refusal(status_code, error)
        self.answer_json({"message": line}, status)

    def body(self) -> dict[str, Any]:
        """The request's JSON object."""
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            raise Refused(415, "The request's body must be JSON (Content-Type: application/json).")
        try:
            document = json.loads(self.request.body)
            json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise Refused(400, "The request's body is not JSON.") from error
        if not isinstance(document, dict):
            raise Refused(400, "The request's body must be a JSON object.")
        return document


class SignInCallback(Basics, HubOAuthCallbackHandler):
    """Where the hub sends people back to."""

    def initialize(self) -> None:
        self.hub_auth = self.settings["hub_auth"]


class Nothing(Basics):
    """Any other address."""

    def prepare(self) -> None:
        raise web.HTTPError(404)


class Static(Basics, web.StaticFileHandler):
    """Style, scripts and logo. They are the same for everybody, and may be kept when named by version."""

    def compute_etag(self) -> str | None:
        return web.StaticFileHandler.compute_etag(self)


class Health(Basics):
    """Whether the registry answers; asked without signing in."""

    async def get(self) -> None:
        try:
            await asyncio.to_thread(self._look)
        except Exception:
            log.exception("the registry does not answer")
            self.answer_json({"status": "down"}, 503)
        else:
            self.answer_json({"status": "ok"})

    def _look(self) -> None:
        with database.sessions(self.settings["registry"])() as session:
            _one_account(session)


def _one_account(session: Session) -> None:
    session.query(Account.name).limit(1).all()
