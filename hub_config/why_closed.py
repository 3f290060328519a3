"""Why a desk is closed, for the hub's page about it: what the registry says now, or why it was ended."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub_config import naming
from hub_config.enforcement import NoLongerInForce, why
from provisioning.refusal import Refusal
from provisioning.registry import access, database
from provisioning.registry.models import AuditRecord

log = logging.getLogger("carrel.hub")

_registry: Engine | None = None


def reason(session: Session, account: str, project: str) -> Refusal | None:
    """One line for the person, or None where they closed the desk themselves and may open it again."""
    try:
        access.desk_access(session, account, project)
    except access.AccessDenied as denied:
        return denied
    last = session.scalars(
        select(AuditRecord)
        .where(
            AuditRecord.user == account,
            AuditRecord.project == project,
            AuditRecord.source.in_(("hub", "portal")),
            AuditRecord.kind.in_(("desk-started", "desk-ended")),
        )
        .order_by(AuditRecord.number.desc())
        .limit(1)
    ).first()
    if last is None or last.kind != "desk-ended" or last.detail.get("reason") != why(NoLongerInForce.code):
        return None
    return NoLongerInForce.of(str(last.detail.get("what")), project)


def line(user: object, language: str) -> Callable[[str], str | None]:
    """For the hub's templates: the line about one of ``user``'s desks, by its project's name."""

    def about(project: str) -> str | None:
        name = getattr(user, "name", None)
        if not name or not naming.NAME.fullmatch(project or ""):
            return None
        try:
            with database.sessions(_opened())() as session:
                found = reason(session, str(name), project)
        except Exception:  # the page is of use without it
            log.exception("why the desk of %s in %s is closed is not known", name, project)
            return None
        return None if found is None else found.text(language)

    return about


def _opened() -> Engine:
    global _registry  # noqa: PLW0603 (one for the process, made when first needed)
    if _registry is None:
        _registry = database.engine()
    return _registry
