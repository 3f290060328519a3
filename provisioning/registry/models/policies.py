"""What holds at the whole site."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.registry.models.base import Base


class Policy(Base):
    """A rule of the site, by its name; `registry.policies` says which there are and what they may be."""

    __tablename__ = "policies"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
