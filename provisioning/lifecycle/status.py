"""How archiving and deleting change a project's status: the one place that does it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from provisioning.registry import project_status
from provisioning.registry.lookup import get_project
from provisioning.registry.models import ProjectStatus


def move(session: Session, project: str, status: ProjectStatus) -> bool:
    """Give ``project`` its ``status``; False where it has it. The caller has checked that it may."""
    row = get_project(session, project)
    if status is ProjectStatus.DELETED and row.status is ProjectStatus.CLOSED:
        # Deleted without an archive, for a reason that the certificate keeps.
        changed, row.status = True, status
    else:
        changed = project_status.move(row, status)
    session.flush()
    return changed
