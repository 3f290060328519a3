"""The audit trail's records, and its signed heads."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.registry.columns import NAME_LENGTH, Moment, utc_now
from provisioning.registry.models.base import Base


class AuditRecord(Base):
    """One thing that happened: who, where, what kind; never content.

    Rows are only added, by `provisioning.audit.trail` alone; the database refuses anything else.
    """

    __tablename__ = "audit_records"
    __table_args__ = (
        UniqueConstraint("user", "project", "id"),
        Index("ix_audit_records_project_time", "project", "time"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The order in which records came, from 1, without a gap."""
    id: Mapped[str] = mapped_column(String(32))
    """The reporter's own, so that a report which comes twice is one record."""
    time: Mapped[datetime] = mapped_column(Moment)
    """By the reporter's clock."""
    received: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    source: Mapped[str] = mapped_column(String(16))
    """Which part says so: desk, hub, portal, gate or command."""
    user: Mapped[str] = mapped_column(String(64), index=True)
    # No keys into accounts and projects: what happened stays known when those are gone.
    project: Mapped[str] = mapped_column(String(NAME_LENGTH))
    extract: Mapped[str] = mapped_column(String(64), index=True)
    """``name@version``, or empty."""
    kind: Mapped[str] = mapped_column(String(32), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    prev: Mapped[str] = mapped_column(String(64))
    """The hash of the record before."""
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """What the trail's last record was at a moment, signed (Ed25519)."""

    __tablename__ = "audit_heads"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    time: Mapped[datetime] = mapped_column(Moment)
    key: Mapped[str] = mapped_column(String(64))
    """The SHA-256 of the public key that verifies it."""
    signature: Mapped[str] = mapped_column(String(128))


class AuditSeal(Base):
    """A prefix of the trail that was put into a signed archive and removed; the trail goes on from it."""

    __tablename__ = "audit_seals"

    last: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Number of the last record in the archive."""
    first: Mapped[int]
    prev: Mapped[str] = mapped_column(String(64))
    """What the first record names as the one before."""
    hash: Mapped[str] = mapped_column(String(64))
    """The last record's."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the archive's lines of records."""
    time: Mapped[datetime] = mapped_column(Moment)
    key: Mapped[str] = mapped_column(String(64))
    """The SHA-256 of the public key that verifies it."""
    signature: Mapped[str] = mapped_column(String(128))


class AuditPosition(Base):
    """How far a reader of the trail has come, or the trail in reading a spool."""

    __tablename__ = "audit_positions"

    reader: Mapped[str] = mapped_column(String(200), primary_key=True)
    number: Mapped[int]
    time: Mapped[datetime] = mapped_column(Moment)
