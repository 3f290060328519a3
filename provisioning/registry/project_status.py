"""How a project's status may change: the one table, and the one function that changes it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from provisioning.refusal import Refusal
from provisioning.registry.models import Project, ProjectStatus

MOVES: Mapping[ProjectStatus, tuple[ProjectStatus, ...]] = MappingProxyType(
    {
        ProjectStatus.DRAFT: (ProjectStatus.ACTIVE, ProjectStatus.CLOSED),
        ProjectStatus.ACTIVE: (ProjectStatus.SUSPENDED, ProjectStatus.CLOSED),
        ProjectStatus.SUSPENDED: (ProjectStatus.ACTIVE, ProjectStatus.CLOSED),
        ProjectStatus.CLOSED: (ProjectStatus.ARCHIVED, ProjectStatus.DELETED),
        ProjectStatus.ARCHIVED: (ProjectStatus.DELETED,),
        ProjectStatus.DELETED: (),
    }
)
"""What each status may become. Closing has no way back: what was agreed on has ended. Without an archive a
closed project is deleted for a reason that the certificate keeps (`lifecycle.deletion`)."""

WITH_WORK = frozenset({ProjectStatus.ARCHIVED, ProjectStatus.DELETED})
"""What a status alone does not make: the bag, and the deletion's certificate."""


def check_move(name: str, before: ProjectStatus, after: ProjectStatus) -> None:
    """Raises `Refusal`, with what is possible, where ``before`` may not become ``after``."""
    if after is before or after in MOVES[before]:
        return
    if not MOVES[before]:
        raise Refusal("The project {project} is {status}: that is for good.", project=name, status=before)
    raise Refusal(
        "The project {project} is {status} and cannot become {wanted}. It can become: {possible}.",
        project=name,
        status=before,
        wanted=after,
        possible=", ".join(MOVES[before]),
    )


def check_declared(name: str, before: ProjectStatus | None, after: ProjectStatus) -> None:
    """As `check_move`, for a status that a file declares; ``before`` is None for a new project.

    Raises `Refusal` for archived and deleted too, unless it is so already: they take more than a word.
    """
    if after in WITH_WORK and after is not before:
        verb = "archive" if after is ProjectStatus.ARCHIVED else "delete"
        raise Refusal(
            "The project {project} cannot be declared {status}: use `carrel project {verb} {project}`.",
            project=name,
            status=after,
            verb=verb,
        )
    if before is not None:
        check_move(name, before, after)


def move(project: Project, status: ProjectStatus) -> bool:
    """Give ``project`` the ``status``; False where it has it. Raises `Refusal` as `check_move` does."""
    check_move(project.name, project.status, status)
    changed = project.status is not status
    project.status = status
    return changed
