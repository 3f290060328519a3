"""A trail of which a part is old enough to be pruned, and the hand of the database's own admin."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from provisioning.audit import trail
from provisioning.registry import database
from provisioning.registry.columns import utc_now


def lift(connection: Connection) -> None:
    """As the database's own admin can."""
    if connection.dialect.name == "sqlite":
        for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("audit_records", "audit_heads", "audit_seals"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))


def add(engine: Engine, count: int, monkeypatch: pytest.MonkeyPatch, days_ago: float = 0) -> None:
    """``count`` records, received so many days ago."""
    moment = utc_now() - timedelta(days=days_ago)
    with monkeypatch.context() as clock:
        clock.setattr(trail, "utc_now", lambda: moment)
        with database.writing(engine) as session:
            trail.append(session, [_row(number, moment) for number in range(count)])


def _row(number: int, moment: Any) -> dict[str, Any]:
    said = {"source": "hub", "kind": "denied", "time": moment, "id": uuid4().hex}
    return {**said, "user": "li-wei", "project": "心脏", "detail": {"size": number, "route": "/文件"}}


def archives_in(folder: Path) -> list[Path]:
    return sorted(folder.glob("audit-*.jsonl"), key=lambda path: int(path.stem.split("-")[1]))
