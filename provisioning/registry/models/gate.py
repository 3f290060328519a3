"""What a second person decided about the extract gate's findings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.registry.columns import Moment, utc_now
from provisioning.registry.models.base import Base


class GateOverride(Base):
    """That a finding of one extract does not hold it, who said so, why and when. Never changed."""

    __tablename__ = "gate_overrides"
    __table_args__ = (UniqueConstraint("extract_id", "finding"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    extract_id: Mapped[int] = mapped_column(ForeignKey("extracts.id"))
    finding: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    at: Mapped[datetime] = mapped_column(Moment, default=utc_now)
