"""Setting and resetting what an account signs in with. Call these inside `database.writing`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from provisioning.accounts import keys, sessions, totp
from provisioning.accounts.password_policy import KEPT, check_password
from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now
from provisioning.registry.models import Account, Credentials
from provisioning.registry.passwords import hash_password, verify_password


def credentials_of(session: Session, account: str) -> Credentials:
    """The account's row, made where there is none."""
    row = session.get(Credentials, account)
    if row is None:
        row = Credentials(account=account, failed=0, must_change=False, previous_hashes=[])
        session.add(row)
        session.flush()
    return row


def own_words(account: Account, site: str = "carrel") -> tuple[str, ...]:
    """Words that a guesser would try for this account."""
    return account.name, account.display_name, site, "carrel"


def choose_password(session: Session, account: Account, password: str, words: Iterable[str] = ()) -> None:
    """Set a password that a person chose: by the policy, and none of the last `KEPT`. Raises `Refusal`."""
    check_password(password, (*own_words(account), *words))
    row = credentials_of(session, account.name)
    before = [account.password_hash, *row.previous_hashes] if account.password_hash else row.previous_hashes
    if any(verify_password(known, password) for known in before):
        raise Refusal("This password was used before. Choose another.")
    _replace(row, account, hash_password(password), must_change=False)


def give_password(session: Session, account: Account, password: str, *, must_change: bool) -> None:
    """Set a password that somebody else knows; with ``must_change`` the person changes it first of all.

    Ends the account's sessions and its lock.
    """
    give_hash(session, account, hash_password(password), must_change=must_change)


def give_hash(session: Session, account: Account, password_hash: str, *, must_change: bool) -> None:
    """As `give_password`, of a password that was hashed already."""
    row = credentials_of(session, account.name)
    _replace(row, account, password_hash, must_change=must_change)
    unlock(session, account.name)
    sessions.end_all(session, account.name, "password")


def _replace(row: Credentials, account: Account, made: str, *, must_change: bool) -> None:
    if account.password_hash:
        row.previous_hashes = [account.password_hash, *row.previous_hashes][:KEPT]
    account.password_hash = made
    row.must_change, row.password_changed = must_change, utc_now()


def enrol(session: Session, account: str, secret: str, step: int | None = None) -> None:
    """Give the account this one-time-code secret; ``step`` is that of the code which confirmed it."""
    row = credentials_of(session, account)
    row.totp_secret, row.totp_counter = keys.seal(account, secret), step


def enrol_new(session: Session, account: str) -> str:
    """Give the account a new secret, for a program that signs in; returns it."""
    secret = totp.new_secret()
    enrol(session, account, secret)
    return secret


def reset_totp(session: Session, account: str) -> None:
    """Take the second factor away, so that the next sign-in enrols a new one. Ends all sessions."""
    row = credentials_of(session, account)
    row.totp_secret = row.totp_counter = None
    sessions.end_all(session, account, "totp")


def unlock(session: Session, account: str) -> bool:
    """Open an account that wrong tries shut; returns whether it was."""
    row = credentials_of(session, account)
    shut = row.locked_until is not None and row.locked_until > utc_now()
    row.failed, row.locked_until = 0, None
    return shut


def locked_until(session: Session, account: str, now: datetime | None = None) -> datetime | None:
    """Until when wrong tries keep the account shut; None: they do not."""
    row = session.get(Credentials, account)
    until = row.locked_until if row else None
    return until if until is not None and until > (now or utc_now()) else None
