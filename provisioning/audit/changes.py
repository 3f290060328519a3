"""What a transaction changes in the registry, put on the trail in that transaction.

Which rows, columns and who; of values only states, numbers and dates, since a text may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Boolean, Date, DateTime, Double, Enum, Integer, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from provisioning.audit import trail
from provisioning.audit.actor import now_acting
from provisioning.registry.columns import Moment, utc_now
from provisioning.registry.models import Base, Extract, Grant, Membership, Project

SHOWN = (Enum, Integer, Boolean, Date, DateTime, Double, Moment)
"""Column types whose values are told."""
WATCHED = {
    "accounts": "account-changed",
    "account_roles": "account-changed",
    "projects": "project-changed",
    "memberships": "registry-changed",
    "extracts": "extract-changed",
    "grants": "grant-changed",
    "policies": "registry-changed",
    "templates": "template-changed",
    "release_requests": "release-changed",
}
"""Tables whose changes are on the trail whoever makes them, and their kind; a command's are on it in any."""


class _Change(NamedTuple):
    table: str
    change: str
    fields: list[dict[str, str]]
    row: Base | None


def watch(session: Session) -> None:
    """From now on, what ``session`` changes is recorded when it commits. A rollback forgets it."""
    found: list[dict[str, Any]] = []

    def flushed(session: Session, context: UOWTransaction) -> None:
        # The rows are as they are now: later changes of the same transaction are records of their own.
        found.extend(_record(each) for each in _changes(session) if _counts(each.table))

    def executed(state: ORMExecuteState) -> None:
        table = getattr(getattr(state.statement, "table", None), "name", "")
        if not state.is_select and table and _counts(table):
            found.append(_record(_Change(table, "statement", [], None)))

    def commits(session: Session) -> None:
        session.flush()
        if found:
            trail.append(session, found)
            found.clear()

    event.listen(session, "after_flush", flushed)
    event.listen(session, "do_orm_execute", executed)
    event.listen(session, "before_commit", commits)
    event.listen(session, "after_rollback", lambda session: found.clear())


def _counts(table: str) -> bool:
    return table in WATCHED or (bool(now_acting().command) and not table.startswith("audit_"))


def _changes(session: Session) -> Iterator[_Change]:
    for rows, change in ((session.new, "added"), (session.dirty, "changed"), (session.deleted, "removed")):
        for row in rows:
            fields = _fields(row, change)
            if fields or change == "removed":
                yield _Change(str(inspect(row).mapper.local_table.description), change, fields, row)


def _fields(row: Any, change: str) -> list[dict[str, str]]:
    state, fields = inspect(row), []
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if not history.has_changes() or change == "removed":
            continue
        said = {"field": attribute.key}
        if isinstance(attribute.columns[0].type, SHOWN):
            for name, values in (("before", history.deleted), ("after", history.added)):
                if values and values[0] is not None:
                    said[name] = str(values[0])[:64]
        fields.append(said)
    return fields


def _record(change: _Change) -> dict[str, Any]:
    actor, row = now_acting(), change.row
    detail: dict[str, Any] = {"table": change.table, "change": change.change, "fields": change.fields}
    if actor.command:
        detail["command"] = actor.command
    kind = WATCHED.get(change.table, "registry-changed")
    if row is not None:
        detail["key"] = ", ".join(str(part) for part in inspect(row).identity or _key(row))[:200]
        kind = _kind(kind, change, row)
        if isinstance(row, Membership):
            detail["account"] = row.account
        if isinstance(row, Extract) and kind == "extract-registered":
            detail["digest"] = row.digest
    return {
        "id": uuid4().hex,
        "time": utc_now(),
        "source": actor.source,
        "user": actor.user,
        "project": _project(row),
        "extract": _extract(row),
        "kind": kind,
        "detail": detail,
    }


def _key(row: Base) -> list[Any]:
    mapper = inspect(row).mapper
    return list(mapper.primary_key_from_instance(row))


def _kind(kind: str, change: _Change, row: Base) -> str:
    """The kind that says what became of ``row``, where there is one more telling than its table's."""
    after = {field["field"]: field.get("after") for field in change.fields}
    telling = (
        ("member-added", isinstance(row, Membership) and change.change == "added"),
        ("member-removed", isinstance(row, Membership) and change.change == "removed"),
        ("extract-granted", isinstance(row, Grant) and change.change == "added"),
        ("grant-revoked", isinstance(row, Grant) and bool(after.get("revoked"))),
        ("extract-registered", isinstance(row, Extract) and change.change == "added"),
        ("extract-withdrawn", isinstance(row, Extract) and after.get("status") == "withdrawn"),
        ("project-status", isinstance(row, Project) and change.change == "changed" and "status" in after),
    )
    return next((found for found, holds in telling if holds), kind)


def _project(row: Base | None) -> str:
    if isinstance(row, Project):
        return row.name
    project = getattr(row, "project", "")
    return project if isinstance(project, str) else ""


def _extract(row: Base | None) -> str:
    found = row.extract if isinstance(row, Grant) else row
    return f"{found.name}@{found.version}" if isinstance(found, Extract) else ""
