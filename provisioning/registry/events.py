"""Events: what desks, the hub and the portal report, checked. They are records of the audit trail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from provisioning.audit import trail
from provisioning.audit.chain import LARGEST_NUMBER
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditRecord

KINDS = frozenset(
    {
        "denied",
        "withheld",
        "budget-warning",
        "budget-crossed",
        "release-asked",
        "copy-blocked",
        "paste-blocked",
        "drop-blocked",
        "desk-started",
        "visitor-admitted",
        "visitor-refused",
        "desk-stopped",
        "sign-in",
        "sign-in-refused",
        "sign-out",
        "locked-out",
        "password-changed",
        "totp-enrolled",
        "totp-reset",
        "unlocked",
        "duties-combined",
        "desk-ended",
        "run-stopped",
    }
)
SOURCES = frozenset({"desk", "hub", "portal", "command"})
_ID = re.compile(r"[0-9a-f]{32}")
_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
_TEXTS = {
    "route": re.compile(_PRINTABLE + "{1,200}"),
    "method": re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,16}"),
    "reason": re.compile(r"[a-z][a-z0-9-]{0,39}"),
    "what": re.compile(r"[A-Za-z0-9][A-Za-z0-9.+/_-]{0,63}"),
}
"""The texts that a detail may hold: names of rules and types, nothing of what a person sees."""
_NUMBERS = frozenset({"size", "cells", "count", "number"})


@dataclass(frozen=True)
class Report:
    """An event as it is reported, checked by `report`."""

    id: str
    time: datetime
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)


def report(id: object, time: object, kind: object, detail: Mapping[str, Any]) -> Report:
    """A report where every part is what it may be. Raises `Refusal`."""
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise Refusal("An event's id must be 32 hexadecimal digits.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refusal("There is no event of this kind.")
    for name, value in detail.items():
        if name in _TEXTS:
            fits = isinstance(value, str) and _TEXTS[name].fullmatch(value) is not None
        else:
            fits = name in _NUMBERS and type(value) is int and 0 <= value <= LARGEST_NUMBER
        if not fits:
            raise Refusal("An event holds a field that it may not hold.")
    return Report(id, moment_of(time), kind, dict(detail))


def moment_of(time: object) -> datetime:
    """An aware moment, of one or of a text as in ISO 8601. Raises `Refusal`."""
    try:
        moment = time if isinstance(time, datetime) else datetime.fromisoformat(str(time)[:40])
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Refusal("An event's time must be a date and time as in ISO 8601.") from error


def add(session: Session, *, source: str, user: str, project: str, reports: Sequence[Report]) -> int:
    """Add those of ``reports`` that are not known yet; returns how many that were.

    Call it inside `database.writing`. An id counts within its user and project, so that nobody's
    report can stand in the way of another's.
    """
    if source not in SOURCES:
        raise ValueError(source)
    new = {each.id: each for each in reports}
    known = select(AuditRecord.id).where(
        AuditRecord.user == user, AuditRecord.project == project, AuditRecord.id.in_(new)
    )
    for id in session.scalars(known):
        del new[id]
    trail.append(
        session,
        [
            {
                "id": each.id,
                "time": each.time,
                "source": source,
                "user": user,
                "project": project,
                "kind": each.kind,
                "detail": each.detail,
            }
            for each in new.values()
        ],
    )
    return len(new)


def record(
    session: Session,
    *,
    source: str,
    user: str,
    project: str,
    kind: str,
    id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one event of this moment."""
    made = report(id or uuid4().hex, utc_now(), kind, detail or {})
    add(session, source=source, user=user, project=project, reports=[made])


def note(registry: Engine, **event: Any) -> None:
    """As `record`, in a transaction of its own; it blocks."""
    with database.writing(registry) as session:
        record(session, **event)
