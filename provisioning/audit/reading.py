"""What the trail says: records by who, where, what and when; which extracts were accessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from provisioning.audit.chain import FIELDS, moment
from provisioning.registry.models import Account, AccountStatus, AuditRecord, Role

AT_ONCE = 1000
"""Records read at a time."""
RECEIVER = "receiver:"
"""What the name of a position begins with, followed by the receiver's address."""


def may_read(account: Account | None) -> bool:
    """Whether ``account`` may read the trail: active auditors alone."""
    return account is not None and Role.AUDITOR in account.roles and account.status is AccountStatus.ACTIVE


def records(
    session: Session,
    *,
    user: str | None = None,
    project: str | None = None,
    extract: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> tuple[AuditRecord, ...]:
    """Records, the newest first; ``extract`` is ``name`` (any version) or ``name@version``.

    ``since`` is inclusive and ``until`` is not.
    """
    query = select(AuditRecord).order_by(AuditRecord.number.desc()).limit(limit)
    for column, value in (
        (AuditRecord.user, user),
        (AuditRecord.project, project),
        (AuditRecord.kind, kind),
    ):
        if value is not None:
            query = query.where(column == value)
    if extract is not None:
        query = _of_extract(query, extract)
    if since is not None:
        query = query.where(AuditRecord.time >= since)
    if until is not None:
        query = query.where(AuditRecord.time < until)
    return tuple(session.scalars(query))


def accesses(session: Session, extract: str) -> tuple[AuditRecord, ...]:
    """Each time that ``extract`` was mounted, the oldest first: when, by whom, where, with which digest."""
    query = select(AuditRecord).where(AuditRecord.kind == "extract-mounted").order_by(AuditRecord.number)
    return tuple(session.scalars(_of_extract(query, extract)))


def is_access(line: Mapping[str, Any], extract: str) -> bool:
    """Whether a line of an archive is one of `accesses`."""
    named: str = line["extract"]
    return line["kind"] == "extract-mounted" and (named == extract or named.startswith(f"{extract}@"))


def lines(session: Session, after: int = 0, last: int | None = None) -> Iterator[dict[str, Any]]:
    """Every record behind number ``after``, up to ``last``, as JSON values; memory does not grow with them.

    What `chain.FIELDS` name is written as it was hashed, so that a line verifies by itself.
    """
    while True:
        query = select(AuditRecord).where(AuditRecord.number > after).order_by(AuditRecord.number)
        if last is not None:
            query = query.where(AuditRecord.number <= last)
        page = session.scalars(query.limit(AT_ONCE)).all()
        for record in page:
            line = {name: getattr(record, name) for name in (*FIELDS, "hash")}
            yield line | {"time": moment(record.time), "received": moment(record.received)}
        if len(page) < AT_ONCE:
            return
        after = page[-1].number
        session.expunge_all()


def _of_extract(query: Select[AuditRecord], extract: str) -> Select[AuditRecord]:
    if "@" in extract:
        return query.where(AuditRecord.extract == extract)
    return query.where(
        or_(AuditRecord.extract == extract, AuditRecord.extract.startswith(f"{extract}@", autoescape=True))
    )
