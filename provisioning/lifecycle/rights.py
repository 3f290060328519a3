"""The one line that says what to do where the command may not read or remove what others own."""

from __future__ import annotations

from provisioning.refusal import Refusal


def cannot(error: OSError, project: str) -> Refusal:
    """A workspace's files belong to the engine's uid; the gate made the folders as root."""
    return Refusal(
        "{path} of the project {project} cannot be used ({reason}). Run this as root: "
        "`docker run --user 0:0 --cap-add DAC_OVERRIDE --cap-add FOWNER …`, with the data folder mounted.",
        path=error.filename or "A file",
        project=project,
        reason=error.strerror,
    )
