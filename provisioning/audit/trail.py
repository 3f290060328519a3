"""Adding to the trail. The only module that writes its records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from provisioning.audit import kinds
from provisioning.audit.actor import SOURCES, now_acting, plain
from provisioning.audit.chain import GENESIS, canonical, record_hash
from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditRecord

LARGEST_DETAIL = 4096
"""Bytes of a record's detail in canonical form."""
_APPENDING = 0x61756469  # "audi": the PostgreSQL lock that writers of the trail take


def append(session: Session, records: Sequence[Mapping[str, Any]]) -> None:
    """Chain ``records`` to the trail in the session's own transaction.

    Each has id, time, source, user, project, kind, detail and, where it is about one, extract.

    One writer at a time: SQLite has one anyway, and refuses a transaction that read the head before
    another added to it; on PostgreSQL a lock is held until the transaction ends. Raises `Refusal` for
    a kind or a detail that no schema allows, or one too large; nothing is added then.
    """
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPENDING})
    last = session.execute(
        select(AuditRecord.number, AuditRecord.hash).order_by(AuditRecord.number.desc()).limit(1)
    ).first()
    number, prev = (last.number, last.hash) if last else (0, GENESIS)
    rows = []
    for each in records:
        if each["source"] not in SOURCES:
            raise ValueError(each["source"])
        kinds.check(each["kind"], each["detail"])
        number += 1
        row = {"extract": "", **each, "number": number, "received": utc_now(), "prev": prev}
        try:
            size = len(canonical(row["detail"]).encode())
            prev = row["hash"] = record_hash(row)
        except ValueError as error:
            raise Refusal("A record holds what it may not hold: {reason}.", reason=error) from error
        if size > LARGEST_DETAIL:
            raise Refusal("A record's detail may have {limit} bytes at most.", limit=LARGEST_DETAIL)
        rows.append(row)
    if rows:
        session.execute(insert(AuditRecord), rows)


def record(
    session: Session,
    kind: str,
    *,
    source: str | None = None,
    user: str | None = None,
    project: str = "",
    extract: str = "",
    time: datetime | None = None,
    id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one record in the session's own transaction; who acts unless given: `actor.now_acting`.

    Call it inside `database.writing`. Raises `Refusal` as `append` does.
    """
    actor = now_acting()
    made = {
        "id": id or uuid4().hex,
        "time": time or utc_now(),
        "source": source or actor.source,
        "user": plain(actor.user if user is None else user),
        "project": project,
        "extract": extract,
        "kind": kind,
        "detail": dict(detail or {}),
    }
    append(session, [made])


def record_or_malformed(session: Session, kind: str, **record_: Any) -> None:
    """As `record`, for what comes from outside: what no schema allows is recorded without its content."""
    try:
        record(session, kind, **record_)
    except Refusal:
        where: dict[str, Any] = {name: record_.get(name) for name in ("source", "user")}
        reason = kind if kind in kinds.schemas() else "unknown-kind"
        record(session, "malformed", **where, detail={"reason": reason, "count": 1})
