"""People who can sign in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column, validates

from provisioning.registry.columns import NAME_LENGTH, Moment, checked_name, one_of, utc_now
from provisioning.registry.models.base import Base


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
