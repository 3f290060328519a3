"""One try to sign in: what opens, and when not, how much may be said about it.

Nothing tells apart a wrong password, a wrong code, an unknown name and a shut account, except to somebody
who gave the right password and the right code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from provisioning.accounts import keys, lockout, totp
from provisioning.accounts.credentials import credentials_of
from provisioning.accounts.lockout import LockOut
from provisioning.registry import database
from provisioning.registry.models import Account, AccountStatus
from provisioning.registry.passwords import verify_password

Check = Callable[[str, str], bool]
"""Whether a name and a password belong together, where the registry's hash does not say so (LDAP)."""


class Outcome(StrEnum):
    OPEN = "open"
    """Password and code are right. Without a secret: the password is, and enrolment comes next."""
    WRONG = "wrong"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    THROTTLED = "throttled"


@dataclass(frozen=True)
class Attempt:
    """How a try ended. `until` goes with LOCKED and THROTTLED, `known` is for the record only."""

    outcome: Outcome
    account: str
    known: bool = False
    until: datetime | None = None
    locked_now: bool = False
    """Whether this try shut the account."""
    enrolled: bool = True
    must_change: bool = False


@dataclass(frozen=True)
class _Standing:
    """What the registry said before the try was checked."""

    known: bool
    active: bool
    password_hash: str | None
    sealed: bytes | None
    last_step: int | None
    locked_until: datetime | None
    locked_now: bool


def attempt(
    registry: Engine,
    name: str,
    password: str,
    code: str,
    *,
    address: str,
    rules: LockOut,
    now: datetime,
    check: Check | None = None,
) -> Attempt:
    """Try ``name``, ``password`` and ``code``. Takes the code, counts what is wrong; it blocks.

    Raises `provisioning.accounts.keys.KeyUnavailable`.
    """
    with database.writing(registry) as session:
        until = lockout.throttled(session, address, rules, now)
        if until is not None:
            return Attempt(Outcome.THROTTLED, name, until=until)
        standing = _count(session, name, rules, now)
    right = _password(standing, name, password, check)
    step = None
    if standing.sealed is not None:
        step = totp.matching_step(keys.unseal(name, standing.sealed), code, now, standing.last_step)
        right = right and step is not None
    if not right:
        return Attempt(Outcome.WRONG, name, standing.known, locked_now=standing.locked_now)
    if standing.locked_until is not None:
        # Without a second factor, saying so would tell a guesser that the password was found.
        outcome = Outcome.LOCKED if standing.sealed is not None else Outcome.WRONG
        return Attempt(outcome, name, True, standing.locked_until)
    return _take(registry, name, address, step)


def take_code(
    registry: Engine, name: str, code: str, *, address: str, rules: LockOut, now: datetime
) -> Attempt:
    """Try a code alone, of somebody whom an identity provider has named. Counted as `attempt` does."""

    def named_already(_name: str, _password: str) -> bool:
        return True

    return attempt(registry, name, "", code, address=address, rules=rules, now=now, check=named_already)


def _count(session: Session, name: str, rules: LockOut, now: datetime) -> _Standing:
    account = session.get(Account, name)
    if account is None:
        return _Standing(False, False, None, None, None, None, False)
    row = credentials_of(session, name)
    shut = row.locked_until if row.locked_until is not None and row.locked_until > now else None
    locked_now = False
    if shut is None:
        row.failed += 1
        wait = rules.wait(row.failed)
        row.locked_until = now + wait if wait else None
        locked_now = row.failed >= rules.after
    return _Standing(
        True,
        account.status is AccountStatus.ACTIVE,
        account.password_hash,
        row.totp_secret,
        row.totp_counter,
        shut,
        locked_now,
    )


def _password(standing: _Standing, name: str, password: str, check: Check | None) -> bool:
    if check is None or not standing.known:
        return verify_password(standing.password_hash if check is None else None, password)
    return check(name, password)


def _take(registry: Engine, name: str, address: str, step: int | None) -> Attempt:
    with database.writing(registry) as session:
        account = session.get(Account, name)
        row = credentials_of(session, name)
        if account is None:
            return Attempt(Outcome.WRONG, name, True)
        if step is not None and row.totp_counter is not None and step <= row.totp_counter:
            return Attempt(Outcome.WRONG, name, True)  # another try took this code first
        lockout.forgive(session, address)
        row.failed, row.locked_until = 0, None
        if step is not None:
            row.totp_counter = step
        if account.status is not AccountStatus.ACTIVE:
            return Attempt(Outcome.SUSPENDED, name, True)
        return Attempt(
            Outcome.OPEN, name, True, enrolled=row.totp_secret is not None, must_change=row.must_change
        )
