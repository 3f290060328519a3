"""Meters of what running containers use, until it is on the audit trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.registry.columns import NAME_LENGTH, Moment
from provisioning.registry.models.base import Base


class UsageMeter(Base):
    """What one container used since its last record on the trail."""

    __tablename__ = "usage_meters"

    container: Mapped[str] = mapped_column(String(64), primary_key=True)
    part: Mapped[str] = mapped_column(String(16))
    """desk, engine or run-engine."""
    project: Mapped[str] = mapped_column(String(NAME_LENGTH))
    user: Mapped[str] = mapped_column(String(64))
    run: Mapped[str] = mapped_column(String(32))
    """Empty for a desk's containers."""
    since: Mapped[datetime] = mapped_column(Moment)
    """Up to when its use is on the trail."""
    sampled: Mapped[datetime] = mapped_column(Moment)
    counter_ms: Mapped[int] = mapped_column(BigInteger)
    """The container's processor time since it began, at the last sample."""
    cpu_ms: Mapped[int] = mapped_column(BigInteger)
    memory_mib_ms: Mapped[int] = mapped_column(BigInteger)
    gpu_ms: Mapped[int] = mapped_column(BigInteger)
    memory_mib: Mapped[int] = mapped_column(BigInteger)
    """At the last sample."""
    gpus: Mapped[int] = mapped_column(BigInteger)
