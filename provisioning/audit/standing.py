"""How the trail stands: what is signed, anchored, sealed and handed on, and what waits, for how long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provisioning.audit import reading
from provisioning.audit.chain import moment
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditHead, AuditPosition, AuditRecord, AuditSeal


def standing(session: Session) -> dict[str, Any]:
    """As JSON values; ages and waits in seconds by this clock.

    ``first`` and ``last`` are the numbers of the records in the registry, ``sealed`` the last one that is in
    an archive. ``head`` is the newest signed one, with the wait of the oldest record that none covers;
    ``anchor`` the last one that was given out; ``receivers`` those that a forwarder hands the trail on to.
    """
    now = utc_now()
    first, last = session.execute(select(func.min(AuditRecord.number), func.max(AuditRecord.number))).one()
    head = session.scalars(select(AuditHead).order_by(AuditHead.number.desc()).limit(1)).first()
    given = (
        select(AuditRecord).where(AuditRecord.kind == "audit-anchored").order_by(AuditRecord.number.desc())
    )
    anchor = session.scalars(given.limit(1)).first()
    positions = session.scalars(select(AuditPosition).order_by(AuditPosition.reader))
    return {
        "first": first or 0,
        "last": last or 0,
        "sealed": session.scalar(select(func.max(AuditSeal.last))) or 0,
        "head": None if head is None else _at(head.number, head.time, now),
        "unsigned_seconds": _wait(session, head.number if head else 0, now),
        "anchor": None if anchor is None else _at(anchor.detail["number"], anchor.received, now),
        "receivers": [
            {
                "address": row.reader.removeprefix(reading.RECEIVER),
                "number": row.number,
                "waiting_seconds": _wait(session, row.number, now),
            }
            for row in positions
            if row.reader.startswith(reading.RECEIVER)
        ],
    }


def _at(number: int, time: datetime, now: datetime) -> dict[str, Any]:
    return {"number": number, "time": moment(time), "age_seconds": _seconds(time, now)}


def _wait(session: Session, number: int, now: datetime) -> int:
    """How long the first record behind ``number`` has waited; 0 where there is none."""
    query = select(AuditRecord.received).where(AuditRecord.number > number).order_by(AuditRecord.number)
    oldest = session.scalars(query.limit(1)).first()
    return _seconds(oldest, now) if oldest else 0


def _seconds(time: datetime, now: datetime) -> int:
    return max(0, round((now - time).total_seconds()))
