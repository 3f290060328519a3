"""What the audit trail holds of one project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.registry.models import AuditRecord


def audit_extract(session: Session, project: str) -> Iterator[dict[str, Any]]:
    """The project's records, in the trail's order; JSON's types only."""
    query = select(AuditRecord).where(AuditRecord.project == project).order_by(AuditRecord.number)
    for event in session.scalars(query.execution_options(yield_per=1000)):
        yield {
            "number": event.number,
            "id": event.id,
            "time": event.time.isoformat(),
            "received": event.received.isoformat(),
            "source": event.source,
            "user": event.user,
            "project": event.project,
            "extract": event.extract,
            "kind": event.kind,
            "detail": event.detail,
            "prev": event.prev,
            "hash": event.hash,
        }
