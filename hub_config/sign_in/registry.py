"""What every way of signing in shares: the registry says who may, and how long a session lasts."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Float, Integer, List, Unicode

from hub_config.roles import groups_of
from hub_config.sign_in import records
from hub_config.sign_in.pending import Waiting
from provisioning.accounts import sessions
from provisioning.accounts.attempt import Attempt, Outcome, take_code
from provisioning.accounts.credentials import credentials_of
from provisioning.accounts.lockout import LockOut
from provisioning.accounts.sessions import Limits
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.models import Account, AccountStatus

NO_SESSION = None
"""Of a request that a person's browser did not make, such as a desk's own."""


class Proved(dict[str, str]):
    """What `authenticate` takes: that an account was proved, every step of it. No form makes one."""

    def __init__(self, account: str) -> None:
        super().__init__(username=account)
        self.account = account


class RegistrySignIn(Authenticator):
    """Accounts, sessions and lock-out from the registry; how somebody proves who they are is a subclass's.

    The registry alone says who may sign in, and it is asked at every request while a session lasts. A
    session ends when its person did nothing for `idle_timeout`, after `session_limit`, and with its account.
    """

    registry_url = Unicode("", config=True, help="The registry's SQLAlchemy URL; empty: CARREL_REGISTRY_URL.")
    idle_timeout = Integer(30 * 60, min=60, config=True, help="Seconds without activity that end a session.")
    session_limit = Integer(12 * 3600, min=60, config=True, help="Seconds that a session lasts at all.")
    free_failures = Integer(2, min=0, config=True, help="Wrong tries in a row that cost no wait.")
    lock_after = Integer(5, min=1, config=True, help="Wrong tries in a row that lock an account.")
    lock_seconds = Integer(900, min=1, config=True, help="The first lock; each next lasts twice as long.")
    longest_lock = Integer(3600, min=1, config=True, help="Seconds that a lock lasts at most.")
    address_failures = Integer(100, min=1, config=True, help="Wrong tries from one address in its window.")
    address_window = Integer(900, min=1, config=True, help="Seconds of that window.")
    refusal_seconds = Float(
        0.5, min=0, config=True, help="A refusal comes no sooner, so that its time tells nothing."
    )
    site_name = Unicode("Carrel", config=True, help="What authenticator apps call this site.")
    password_words = List(
        Unicode(),
        config=True,
        help="The site's own words, of which no password may be made.",
    )
    # JupyterHub asks once in so many seconds and person, not session: one person's open window would
    # vouch for another that is over. So it asks at each request.
    auth_refresh_age = Float(1e-9, config=False)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.allow_all = True
        self.manage_groups = True
        self.any_allow_config = True
        # Tokens too, not cookies alone: an open desk asks with a token who its person is.
        self.auth_refresh_strict = True
        self.registry = database.engine(self.registry_url or None)
        self._sessions = database.sessions(self.registry)
        self.waiting = Waiting()

    @property
    def rules(self) -> LockOut:
        """The lock-out as configured."""
        return LockOut(
            free=self.free_failures,
            after=self.lock_after,
            lock=timedelta(seconds=self.lock_seconds),
            longest=timedelta(seconds=self.longest_lock),
            address_tries=self.address_failures,
            address_window=timedelta(seconds=self.address_window),
        )

    @property
    def limits(self) -> Limits:
        """How long sessions last, as configured."""
        return Limits(timedelta(seconds=self.idle_timeout), timedelta(seconds=self.session_limit))

    async def authenticate(self, handler: Any, data: Any) -> dict[str, Any] | None:
        """The model of an account that every step has proved, or None for anything else."""
        if not isinstance(data, Proved):
            return None
        return await asyncio.to_thread(self._begin, data.account, _new_session(handler))

    def _begin(self, name: str, session_id: str) -> dict[str, Any] | None:
        now = utc_now()
        with database.writing(self.registry) as session:
            account = session.get(Account, name)
            if account is None or account.status is not AccountStatus.ACTIVE:
                return None
            sessions.start(session, session_id, name, self.limits, now)
            credentials_of(session, name).last_sign_in = now
            model = self.model(account)
        records.record(self.registry, "sign-in", name)
        return model

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> bool | dict[str, Any]:
        """Whether account and session still stand, with the groups that the account has now."""
        session_id, acts = _session_of(user, handler)
        model = await asyncio.to_thread(self._refresh, user.name, session_id, acts)
        if isinstance(model, bool):
            return model
        groups = getattr(user, "groups", None)
        if groups is not None and sorted(each.name for each in groups) == sorted(model["groups"]):
            return True  # nothing for the hub to write
        return model

    def _refresh(self, name: str, session_id: str | None, acts: bool) -> bool | dict[str, Any]:
        now, reason = utc_now(), None
        with self._sessions() as session:
            account = session.get(Account, name)
            if account is None or account.status is not AccountStatus.ACTIVE:
                reason = "suspended"
            elif session_id is not NO_SESSION:
                row = sessions.find(session, session_id)
                reason = sessions.over(row, name, now)
                fresh = row is not None and now - row.active < sessions.RESOLUTION
            model = None if account is None else self.model(account)
        if reason is not None:
            self._end(name, session_id, reason)
            return False
        if session_id is not NO_SESSION and acts and not fresh:
            with database.writing(self.registry) as session:
                sessions.touch(session, [sessions.key(session_id)], name, now)
        return model or False

    def _end(self, name: str, session_id: str | None, reason: str) -> None:
        if session_id is NO_SESSION or reason == "unknown":
            return
        with database.writing(self.registry) as session:
            ended = sessions.end(session, session_id, reason, utc_now())
        if ended:
            records.record(self.registry, "sign-out", name, reason)

    async def take_code(self, name: str, code: str, address: str) -> Attempt:
        """Try a code alone, of somebody whom an identity provider has named; what is wrong is on record."""

        def work() -> Attempt:
            tried = take_code(self.registry, name, code, address=address, rules=self.rules, now=utc_now())
            if tried.outcome is not Outcome.OPEN:
                records.refused(self.registry, tried)
            return tried

        return await asyncio.to_thread(work)

    async def sign_out(self, name: str, session_id: str | None) -> None:
        """End the session of that hub's id, because its person asked for it."""
        if session_id:
            await asyncio.to_thread(self._end, name, session_id, "sign-out")

    async def why_over(self, session_id: str | None) -> str | None:
        """Why the session of that hub's id ended: a key of `sessions.REASONS`, or None."""
        return await asyncio.to_thread(self._why_over, session_id or "")

    def _why_over(self, session_id: str) -> str | None:
        with self._sessions() as session:
            row = sessions.find(session, session_id)
            return None if row is None else row.reason

    @staticmethod
    def model(account: Account) -> dict[str, Any]:
        """What the hub is told of an account."""
        # No account is a hub admin: the hub's own admin page reaches into desks.
        return {"name": account.name, "groups": groups_of(set(account.roles)), "admin": False}


def _new_session(handler: Any) -> str:
    """A new session id for the browser: one from before, which others may know, never becomes a session."""
    session_id = uuid.uuid4().hex
    if handler is not None:
        handler._session_id = session_id
        handler.set_session_cookie()
    return session_id


def _session_of(user: Any, handler: Any) -> tuple[str | None, bool]:
    """The session that a request belongs to, and whether it says that its person is there.

    A browser without a session's id has the session '', which is none.
    """
    if handler is None or getattr(handler, "_jupyterhub_user", None) is not user:
        return NO_SESSION, False
    # JupyterHub reads this of a browser's request, too, where it never set it.
    handler._token_authenticated = getattr(handler, "_token_authenticated", False)
    if handler._token_authenticated:
        token = handler.get_token()
        # A desk's own token has no session; people's tokens, which portal and desks hold, have one.
        return (token.session_id or NO_SESSION) if token is not None else "", False
    acts = not handler.request.path.startswith(f"{handler.hub.base_url}api/") or (
        handler.request.path.endswith("/oauth2/authorize")
    )
    return handler.get_session_cookie() or "", acts
