"""What an account signs in with beside its password, how often that failed, and the sessions it has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.registry.columns import NAME_LENGTH, Moment, utc_now
from provisioning.registry.models.base import Base


class Credentials(Base):
    """An account's second factor, password history and lock-out. No row: a new account's values."""

    __tablename__ = "credentials"

    account: Mapped[str] = mapped_column(
        String(NAME_LENGTH), ForeignKey("accounts.name", ondelete="CASCADE"), primary_key=True
    )
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Sealed with the site's key (`provisioning.accounts.keys`). None: enrolled at the next sign-in."""
    totp_counter: Mapped[int | None] = mapped_column(BigInteger)
    """The time step of the last code that was taken; none before it is taken again (RFC 6238, 5.2)."""
    failed: Mapped[int] = mapped_column(default=0)
    """Tries in a row that were wrong."""
    locked_until: Mapped[datetime | None] = mapped_column(Moment)
    must_change: Mapped[bool] = mapped_column(default=False)
    """Whether the password is to be changed before anything else."""
    password_changed: Mapped[datetime | None] = mapped_column(Moment)
    previous_hashes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Hashes of the passwords before this one, the newest first."""
    last_sign_in: Mapped[datetime | None] = mapped_column(Moment)


class ThrottledAddress(Base):
    """A network address from which sign-ins failed."""

    __tablename__ = "throttled_addresses"

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    """When the first of them was; the count begins anew after the throttle's window."""


class SignInSession(Base):
    """A browser in which somebody is signed in, from sign-in to its end, at hub, portal and desks alike."""

    __tablename__ = "sign_in_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the hub's session id: who reads the registry cannot take a session over."""
    account: Mapped[str] = mapped_column(
        String(NAME_LENGTH), ForeignKey("accounts.name", ondelete="CASCADE"), index=True
    )
    started: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    active: Mapped[datetime] = mapped_column(Moment, default=utc_now)
    """When its person last did something."""
    idle: Mapped[int]
    """Seconds without that which end it, as the hub was configured when it began."""
    ends: Mapped[datetime] = mapped_column(Moment)
    """When it ends whatever its person does."""
    ended: Mapped[datetime | None] = mapped_column(Moment)
    reason: Mapped[str | None] = mapped_column(String(16))
    """Why it ended: a key of `provisioning.accounts.sessions.REASONS`."""
