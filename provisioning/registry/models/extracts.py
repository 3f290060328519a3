"""Extracts and their grants."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from provisioning.registry.columns import NAME_LENGTH, Moment, checked_digest, checked_name, one_of, utc_now
from provisioning.registry.models.base import Base


class ExtractStatus(StrEnum):
    HELD = "held"
    """The gate found something that nobody has overridden: neither granted nor mounted."""
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"


class Extract(Base):
    """One version of a read-only folder of data; never changed, only withdrawn."""

    __tablename__ = "extracts"
    __table_args__ = (UniqueConstraint("name", "version"), CheckConstraint("version > 0", name="version"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    version: Mapped[int]
    title_en: Mapped[str] = mapped_column(String(200))
    title_zh: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(71))
    folder: Mapped[str] = mapped_column(String(200))
    """Below the extracts root: ``<name>/v<version>``."""
    manifest: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[ExtractStatus] = mapped_column(one_of(ExtractStatus, "status"), default=ExtractStatus.HELD)
    registered: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    registered_by: Mapped[str | None] = mapped_column(String(NAME_LENGTH))
    """Who registered it. No foreign key: a site's first extracts come before its accounts."""

    _name = validates("name")(lambda self, key, value: checked_name(value))
    _digest = validates("digest")(lambda self, key, value: checked_digest(value))


class Grant(Base):
    """That a project may read an extract. Revoked, not deleted: who could read what stays known."""

    __tablename__ = "grants"
    __table_args__ = (
        Index(
            "uq_grants_in_force",
            "project",
            "extract_id",
            unique=True,
            sqlite_where=text("revoked IS NULL"),
            postgresql_where=text("revoked IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project: Mapped[str] = mapped_column(ForeignKey("projects.name"))
    extract_id: Mapped[int] = mapped_column(ForeignKey("extracts.id"))
    granted: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    expires: Mapped[date | None] = mapped_column(Date)
    """The last day on which the extract is mounted, in the site's time zone; None: no end."""
    revoked: Mapped[datetime | None] = mapped_column(Moment)

    extract: Mapped[Extract] = relationship(lazy="joined")
