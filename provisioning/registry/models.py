"""The registry's tables. Names are keys: people say them, folders and containers carry them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates

from provisioning.registry.columns import (
    NAME_LENGTH,
    Moment,
    checked_digest,
    checked_name,
    checked_version,
    one_of,
    utc_now,
)

GIB = 1024**3


class Role(StrEnum):
    """What an account may do; one role an account, so that duties stay separate."""

    ANALYST = "analyst"
    ENGINEER = "engineer"
    ADMIN = "admin"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


MEMBER_ROLES = frozenset({Role.ANALYST, Role.ENGINEER})
"""Who may be a project's member. Admins, reviewers and auditors never work on a project's data."""


class AccountStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class ProjectStatus(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class ExtractStatus(StrEnum):
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"


class TemplateStatus(StrEnum):
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


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


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Base(DeclarativeBase):
    # Every constraint has a name, so that a later migration can drop it on any database.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Account(Base):
    """A person who can sign in."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    password_hash: Mapped[str | None] = mapped_column(Text)
    """None: nobody can sign in as this account until a password is set."""
    status: Mapped[AccountStatus] = mapped_column(
        one_of(AccountStatus, "status"), default=AccountStatus.ACTIVE
    )
    created: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    _name = validates("name")(lambda self, key, value: checked_name(value))


class Project(Base):
    """A study: its members, its granted extracts, and how much of the machine it may use."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint("cpu > 0", name="cpu"),
        CheckConstraint("memory_bytes > 0", name="memory_bytes"),
        CheckConstraint("pids > 0", name="pids"),
        CheckConstraint("gpus >= 0", name="gpus"),
        CheckConstraint("max_runs >= 0", name="max_runs"),
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
    status: Mapped[ExtractStatus] = mapped_column(
        one_of(ExtractStatus, "status"), default=ExtractStatus.VERIFIED
    )
    registered: Mapped[datetime] = mapped_column(Moment, default=utc_now)

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


class Template(Base):
    """One published version of a standard analysis; never changed, only withdrawn."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("name", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    version: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(71))
    folder: Mapped[str] = mapped_column(String(200))
    """Below the templates root: ``<name>/<version>``."""
    status: Mapped[TemplateStatus] = mapped_column(
        one_of(TemplateStatus, "status"), default=TemplateStatus.PUBLISHED
    )
    published: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    _name = validates("name")(lambda self, key, value: checked_name(value))
    _version = validates("version")(lambda self, key, value: checked_version(value))
    _digest = validates("digest")(lambda self, key, value: checked_digest(value))


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
