"""People who can sign in, and the roles that they hold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, false, text
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from provisioning.registry.columns import NAME_LENGTH, Moment, checked_name, one_of, utc_now
from provisioning.registry.models.base import Base


class Role(StrEnum):
    """What an account may do. One account may hold several; which, `registry.roles` says."""

    ANALYST = "analyst"
    ENGINEER = "engineer"
    ADMIN = "admin"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


MEMBER_ROLES = frozenset({Role.ANALYST, Role.ENGINEER})
"""Of which a project's member holds one. Who is admin or auditor too never works on data."""

DUTIES = frozenset({Role.ADMIN, Role.REVIEWER, Role.AUDITOR})
"""Of which one person holds one: system, review and audit are administered by different people."""


class AccountStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class Account(Base):
    """A person who can sign in."""

    __tablename__ = "accounts"

    name: Mapped[str] = mapped_column(String(NAME_LENGTH), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(Text)
    """None: nobody can sign in as this account until a password is set."""
    status: Mapped[AccountStatus] = mapped_column(
        one_of(AccountStatus, "status"), default=AccountStatus.ACTIVE
    )
    created: Mapped[datetime] = mapped_column(Moment, default=utc_now)

    held: Mapped[set[AccountRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    roles: AssociationProxy[set[Role]] = association_proxy(
        "held", "role", creator=lambda role: AccountRole(role=role)
    )
    """Change them by `registry.roles.set_roles` only, which knows what goes together."""

    _name = validates("name")(lambda self, key, value: checked_name(value))


class AccountRole(Base):
    """That an account holds a role. The database itself refuses a second duty on one account."""

    __tablename__ = "account_roles"
    __table_args__ = (
        Index(
            "uq_account_roles_duty",
            "account",
            unique=True,
            sqlite_where=text("role IN ('admin', 'reviewer', 'auditor') AND NOT combined"),
            postgresql_where=text("role IN ('admin', 'reviewer', 'auditor') AND NOT combined"),
        ),
    )

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Role] = mapped_column(one_of(Role, "role"), primary_key=True, index=True)
    combined: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it is a further duty, which the site's configuration allowed."""
