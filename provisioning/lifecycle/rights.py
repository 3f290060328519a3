"""The one line that says what to do where the disk, or what others own on it, is in the way."""

from __future__ import annotations

from provisioning.refusal import Refusal


def cannot(error: OSError, project: str) -> Refusal:
    """A workspace's files belong to the engine's uid; the gate made the folders as root."""
    path = error.filename if isinstance(error.filename, str) else f"workspaces/{project}"
    if isinstance(error, PermissionError):
        return Refusal(
            "{path} of the project {project} cannot be used ({reason}). "
            "Run this on the host: `sudo python3 -m provisioning.host carrel project …`.",
            path=path,
            project=project,
            reason=error.strerror,
        )
    return Refusal(
        "{path} of the project {project} cannot be used ({reason}). Mend that, and run the command again.",
        path=path,
        project=project,
        reason=error.strerror,
    )
