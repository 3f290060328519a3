"""Whether a project's files are there to be read: an empty folder is no answer while its disk is away."""

from __future__ import annotations

from pathlib import Path

from provisioning.disks.disk import Disk, known
from provisioning.refusal import Refusal


def refuse_unmounted(data: Path, project: str | None = None) -> None:
    """Raise `Refusal` where a disk, that of ``project`` or any, is not mounted."""
    for disk in known(data) if project is None else [Disk(data, project)]:
        if disk.image.exists() and not disk.stands:
            raise Refusal(
                "The disk of the project {project} is not mounted: start the site first (make up).",
                project=disk.project,
            )
