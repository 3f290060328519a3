"""How archiving and deleting change a project's status: the one place that does it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from provisioning.registry.lookup import get_project
from provisioning.registry.models import ProjectStatus


def move(session: Session, project: str, status: ProjectStatus) -> bool:
    """Give ``project`` its ``status``; False where it has it. The caller has checked that it may."""
    row = get_project(session, project)
    changed = row.status is not status
    row.status = status
    session.flush()
    return changed
