"""Published templates."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from provisioning.registry.columns import (
    NAME_LENGTH,
    Moment,
    checked_digest,
    checked_name,
    checked_version,
    one_of,
    utc_now,
)
from provisioning.registry.models.base import Base


class TemplateStatus(StrEnum):
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


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
