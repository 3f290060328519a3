"""Signing in with an account of the registry."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.auth import Authenticator
from traitlets import Unicode

from hub_config.roles import groups_of
from provisioning.registry import database, passwords
from provisioning.registry.models import Account, AccountStatus


class RegistryAuthenticator(Authenticator):
    """Name and password against the registry; the account's roles become the user's groups.

    The registry alone says who may sign in, and it is asked again while a session lasts: an account
    that is suspended is signed out at its next request after `auth_refresh_age` seconds.
    """

    registry_url = Unicode("", config=True, help="The registry's SQLAlchemy URL; empty: CARREL_REGISTRY_URL.")

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.allow_all = True
        self.manage_groups = True
        self.any_allow_config = True
        self.auth_refresh_age = 60
        # Tokens too, not cookies alone: an open desk asks with a token who its person is.
        self.auth_refresh_strict = True
        self._sessions = database.sessions(database.engine(self.registry_url or None))

    async def authenticate(self, handler: Any, data: dict[str, str]) -> dict[str, Any] | None:
        """The account that name and password open, or None."""
        return await asyncio.to_thread(self._sign_in, data.get("username", ""), data.get("password", ""))

    def _sign_in(self, name: str, password: str) -> dict[str, Any] | None:
        with self._sessions() as session:
            account = passwords.sign_in(session, name, password)
            return None if account is None else self._model(account)

    async def refresh_user(self, user: Any, handler: Any = None, **_: Any) -> bool | dict[str, Any]:
        """Whether the account still stands, with the groups of the roles that it has now."""
        return await asyncio.to_thread(self._refresh, user.name)

    def _refresh(self, name: str) -> bool | dict[str, Any]:
        with self._sessions() as session:
            account = session.get(Account, name)
            if account is None or account.status is not AccountStatus.ACTIVE:
                return False
            return self._model(account)

    @staticmethod
    def _model(account: Account) -> dict[str, Any]:
        # No account is a hub admin: the hub's own admin page reaches into desks.
        return {"name": account.name, "groups": groups_of(set(account.roles)), "admin": False}
