"""Requests to take files out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from provisioning.registry.columns import Moment, one_of, utc_now
from provisioning.registry.models.base import Base


class ReleaseStatus(StrEnum):
    """How far a request to take files out is. The airlock moves it; a desk only makes drafts."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    IN_REVIEW = "in-review"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    RELEASED = "released"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ReleaseRequest(Base):
    """What somebody asks to take out of a project, as it was when they asked."""

    __tablename__ = "release_requests"
    __table_args__ = (Index("ix_release_requests_project_status", "project", "status"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=lambda: uuid4().hex)
    number: Mapped[int] = mapped_column(unique=True)
    """What people call it by: 1, 2, 3 … at the site."""
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    requested_by: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    purpose: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(String(200))
    status: Mapped[ReleaseStatus] = mapped_column(
        one_of(ReleaseStatus, "status"), default=ReleaseStatus.DRAFT
    )
    created: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    files: Mapped[list[ReleaseFile]] = relationship(
        lazy="selectin", order_by="ReleaseFile.position", cascade="all, delete-orphan"
    )


class ReleaseFile(Base):
    """One file of a request: its content is in the airlock's store, under its digest."""

    __tablename__ = "release_files"
    __table_args__ = (CheckConstraint("bytes >= 0", name="bytes"),)

    request: Mapped[str] = mapped_column(ForeignKey("release_requests.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(Text)
    """In the workspace, as the person saw it."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    bytes: Mapped[int] = mapped_column(BigInteger)
