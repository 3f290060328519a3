"""What happened."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.registry.columns import NAME_LENGTH, Moment, utc_now
from provisioning.registry.models.base import Base


class Event(Base):
    """One thing that happened, as somebody reported it: who, where, what kind; never content.

    Rows are only added. `number` is the order in which they came to be known.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("user", "project", "id"),
        Index("ix_events_project_time", "project", "time"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(32))
    """The reporter's own, so that a report which comes twice is one event."""
    time: Mapped[datetime] = mapped_column(Moment)
    """By the reporter's clock."""
    received: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    source: Mapped[str] = mapped_column(String(16))
    """Which part says so: desk, hub or portal."""
    user: Mapped[str] = mapped_column(String(NAME_LENGTH), index=True)
    # No keys into accounts and projects: what happened stays known when those are gone.
    project: Mapped[str] = mapped_column(String(NAME_LENGTH))
    kind: Mapped[str] = mapped_column(String(32), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
