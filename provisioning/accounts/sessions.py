"""Sessions: begun by a sign-in, ended by sign-out, by idleness, by age, or with the account.

The registry keeps them, so that hub, portal and desks (through the portal) agree on what a person last
did, and a restart of the hub changes nothing. A session that is not there is over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from provisioning.registry.columns import utc_now
from provisioning.registry.models import SignInSession

KEPT = timedelta(days=7)
"""How long the reason why a session ended can still be told."""
RESOLUTION = timedelta(seconds=20)
"""Activity is written no more often."""

REASONS = frozenset({"sign-out", "idle", "age", "password", "totp", "suspended"})


@dataclass(frozen=True)
class Limits:
    """How long a session lasts without activity, and at all."""

    idle: timedelta = timedelta(minutes=30)
    whole: timedelta = timedelta(hours=12)


def key(session_id: str) -> str:
    """What a session is kept under: its hub's id as a SHA-256."""
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()


def start(session: Session, session_id: str, account: str, limits: Limits, now: datetime) -> None:
    """Begin a session, and forget those of long ago."""
    old = now - KEPT
    session.execute(delete(SignInSession).where(or_(SignInSession.ended < old, SignInSession.active < old)))
    made = SignInSession(id=key(session_id), account=account, started=now, active=now)
    made.idle, made.ends = int(limits.idle.total_seconds()), now + limits.whole
    session.add(made)


def over(row: SignInSession | None, account: str, now: datetime) -> str | None:
    """Why ``account``'s session is over: a reason, ``unknown``, or None where it goes on."""
    if row is None or row.account != account:
        return "unknown"
    if row.ended is not None:
        return row.reason or "unknown"
    if now >= row.ends:
        return "age"
    if now - row.active >= timedelta(seconds=row.idle):
        return "idle"
    return None


def find(session: Session, session_id: str) -> SignInSession | None:
    """The session of that hub's id."""
    return session.get(SignInSession, key(session_id), populate_existing=True) if session_id else None


def touch(session: Session, keys: Iterable[str], account: str, now: datetime) -> None:
    """Say that the person did something in these sessions (`key`). What is over stays over."""
    for row in session.scalars(select(SignInSession).where(SignInSession.id.in_(list(keys)))):
        if over(row, account, now) is None and now - row.active >= RESOLUTION:
            row.active = now


def end(session: Session, session_id: str, reason: str, now: datetime) -> bool:
    """End a session; returns whether it was not over yet."""
    row = find(session, session_id)
    if row is None or row.ended is not None:
        return False
    row.ended, row.reason = now, reason
    return True


def end_all(session: Session, account: str, reason: str) -> None:
    """End all sessions of an account."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.account == account, SignInSession.ended.is_(None))
        .values(ended=utc_now(), reason=reason)
        .execution_options(synchronize_session=False)
    )


def ended_among(session: Session, keys: Iterable[str], account: str, now: datetime) -> dict[str, str]:
    """Of these sessions (`key`), those that are over, each with its reason."""
    wanted = set(keys)
    rows = {row.id: row for row in session.scalars(select(SignInSession).where(SignInSession.id.in_(wanted)))}
    found = {each: over(rows.get(each), account, now) for each in wanted}
    return {each: reason for each, reason in found.items() if reason is not None}
