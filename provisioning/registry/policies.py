"""The site's policies: what holds where a project does not say otherwise."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.models import Policy

POLICIES = {
    "display_bytes": "bytes that one desk may show in a day",
    "display_cells": "table cells that one desk may show in a day",
}
"""Each a whole number from 1 up; a policy that is not set is the software's own default."""

LARGEST = 2**53


def policies(session: Session) -> dict[str, int]:
    """Those that are set, by name."""
    return {row.name: row.value for row in session.scalars(select(Policy).order_by(Policy.name))}


def set_policy(session: Session, name: str, value: Any) -> bool:
    """Set ``name``, or unset it with None; False where it was so. Raises `Refusal`."""
    check(name, value)
    row = session.get(Policy, name)
    if (row.value if row else None) == value:
        return False
    if value is None:
        session.delete(row)
    elif row is None:
        session.add(Policy(name=name, value=value))
    else:
        row.value = value
    session.flush()
    return True


def check(name: str, value: Any) -> None:
    """Raises `Refusal` where there is no such policy, or it cannot be ``value``."""
    if name not in POLICIES:
        raise Refusal(
            "There is no policy {policy}. There are: {known}.", policy=name, known=", ".join(POLICIES)
        )
    if value is not None and not (type(value) is int and 1 <= value <= LARGEST):
        raise Refusal("The policy {policy} must be a whole number from 1 up.", policy=name)
