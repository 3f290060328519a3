"""Runs of templates."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provisioning.registry.columns import Moment, one_of, utc_now
from provisioning.registry.models.base import Base
from provisioning.registry.models.templates import Template


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Run(Base):
    """One execution of a template on a project's extracts."""

    __tablename__ = "runs"
    __table_args__ = (Index("ix_runs_status_created", "status", "created"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=lambda: uuid4().hex)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), index=True)
    requested_by: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id"))
    extracts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """As they were when asked for: ``{"name", "version", "digest", "folder"}`` each."""
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(8))
    status: Mapped[RunStatus] = mapped_column(one_of(RunStatus, "status"), default=RunStatus.QUEUED)
    created: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    started: Mapped[datetime | None] = mapped_column(Moment)
    finished: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str | None] = mapped_column(Text)
    image: Mapped[str | None] = mapped_column(String(300))
    """The image that ran it, by digest; None until it starts."""

    template: Mapped[Template] = relationship(lazy="joined")
