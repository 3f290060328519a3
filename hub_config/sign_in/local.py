"""Signing in with name, password and one-time code."""

from __future__ import annotations

import asyncio
from typing import Any

from hub_config.sign_in import pages, records
from hub_config.sign_in.ldap import LdapPasswords
from hub_config.sign_in.registry import RegistrySignIn
from provisioning.accounts.attempt import Attempt, Outcome, attempt
from provisioning.registry.columns import utc_now


class RegistryAuthenticator(RegistrySignIn):
    """Name and password against the registry (or a directory, see `ldap`), and a one-time code always.

    An account without a second factor is led to enrolment after its password; a password that somebody
    else gave is changed first of all. Only then is there a session.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        directory = LdapPasswords(parent=self)
        self.ldap = directory if directory.url else None
        """Where passwords are checked instead of the registry, if ``c.LdapPasswords.url`` says so."""

    def get_handlers(self, app: Any) -> list[tuple[str, Any]]:
        """The sign-in's pages."""
        return pages.handlers(pages.SignInPage)

    async def attempt(self, name: str, password: str, code: str, address: str) -> Attempt:
        """Try to sign in; what does not open is on record."""
        return await asyncio.to_thread(self._attempt, name, password, code, address)

    def _attempt(self, name: str, password: str, code: str, address: str) -> Attempt:
        tried = attempt(
            self.registry,
            name,
            password,
            code,
            address=address,
            rules=self.rules,
            now=utc_now(),
            check=None if self.ldap is None else self.ldap.check,
        )
        if tried.outcome is not Outcome.OPEN:
            records.refused(self.registry, tried)
        return tried
