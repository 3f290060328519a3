"""Projects, their members and their quotas."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, validates

from provisioning.registry.columns import NAME_LENGTH, Moment, checked_name, one_of, utc_now
from provisioning.registry.models.base import Base

GIB = 1024**3


class ProjectStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    ARCHIVED = "archived"
    DELETED = "deleted"


class Project(Base):
    """A study: its members, its granted extracts, and how much of the machine it may use."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint("cpu > 0", name="cpu"),
        CheckConstraint("memory_bytes > 0", name="memory_bytes"),
        CheckConstraint("pids > 0", name="pids"),
        CheckConstraint("gpus >= 0", name="gpus"),
        CheckConstraint("max_runs >= 0", name="max_runs"),
        CheckConstraint("disk_bytes > 0", name="disk_bytes"),
        CheckConstraint("max_desks >= 0", name="max_desks"),
        CheckConstraint("display_bytes > 0", name="display_bytes"),
        CheckConstraint("display_cells > 0", name="display_cells"),
    )

    name: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    title_en: Mapped[str] = mapped_column(String(200))
    title_zh: Mapped[str] = mapped_column(String(200))
    status: Mapped[ProjectStatus] = mapped_column(
        one_of(ProjectStatus, "status"), default=ProjectStatus.DRAFT
    )
    expires: Mapped[date | None] = mapped_column(Date)
    """The last day on which the project is open, in the site's time zone; None: no end."""
    cpu: Mapped[float] = mapped_column(default=1.5)
    """CPU cores of one engine."""
    memory_bytes: Mapped[int] = mapped_column(BigInteger, default=2 * GIB)
    pids: Mapped[int] = mapped_column(default=256)
    gpus: Mapped[int] = mapped_column(default=0)
    max_runs: Mapped[int] = mapped_column(default=2)
    """Runs that may be queued or running at one time."""
    disk_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes that one member's workspace may hold; None: the site's default."""
    max_desks: Mapped[int | None]
    """Desks of the project that may run at one time; None: no limit."""
    display_bytes: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes that one member's desk may show in a day; None: the site's default."""
    display_cells: Mapped[int | None] = mapped_column(BigInteger)
    """Table cells that one member's desk may show in a day; None: the site's default."""
    created: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    _name = validates("name")(lambda self, key, value: checked_name(value))


class Membership(Base):
    """That an account works in a project."""

    __tablename__ = "memberships"

    project: Mapped[str] = mapped_column(ForeignKey("projects.name"), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True, index=True)
    since: Mapped[datetime] = mapped_column(Moment, default=utc_now)
