"""Bringing the registry to this version's tables, with a record of it."""

from __future__ import annotations

from provisioning.audit import trail
from provisioning.registry import database


def upgrade_recorded() -> bool:
    """Upgrade the registry; returns whether that changed it. What is made anew has no record of it.

    Raises `database.RegistryUnavailable` as `database.upgrade` does.
    """
    before, _ = database.revisions()
    database.upgrade()
    after, _ = database.revisions()
    if before is not None and before != after:
        registry = database.engine()
        try:
            with database.writing(registry) as session:
                detail = {"before": before, "after": str(after)}
                trail.record(session, "registry-upgraded", detail=detail)
        finally:
            registry.dispose()
    return before != after
