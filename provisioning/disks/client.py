"""Asking the process that mounts: one line of JSON there, one back, over its unix socket."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from provisioning.disks.mounting import DiskError

SOCKET = Path("/run/carrel-disks/disks.sock")
ANSWERED_WITHIN = 600.0
"""Seconds: files of a project that had no disk are copied onto it."""
LONGEST_LINE = 4096


def socket_path() -> Path | None:
    """Where the socket is (``CARREL_DISKS``); None where projects have no disks of their own."""
    named = os.environ.get("CARREL_DISKS", "")
    return Path(named) if named else None


def ensure(path: Path, project: str, size: int | None) -> int:
    """Have the disk of ``project`` mounted; returns its bytes. Raises `DiskError`."""
    return int(_ask(path, {"do": "ensure", "project": project, "size": size})["size"])


def remove(path: Path, project: str) -> None:
    """Delete the disk of ``project`` and all on it. Raises `DiskError`."""
    _ask(path, {"do": "remove", "project": project})


def _ask(path: Path, request: dict[str, object]) -> dict[str, Any]:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWERED_WITHIN)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline(LONGEST_LINE))
    except (OSError, ValueError) as error:
        raise DiskError(f"The process that mounts the projects' disks does not answer: {error}") from error
    if "error" in answer:
        raise DiskError(str(answer["error"]))
    return dict(answer)
