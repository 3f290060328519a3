"""Serve: ``python -m provisioning.disks``. Mounts the disks that are there, then answers one by one."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from pathlib import Path

from provisioning.disks.client import LONGEST_LINE, SOCKET
from provisioning.disks.disk import NAME, Disk, known
from provisioning.disks.mounting import DiskError
from provisioning.settings import data_root

log = logging.getLogger("carrel.disks")

LARGEST = 1024**5
"""Bytes; a size beyond it is a mistake."""
PATIENCE = 10.0
"""Seconds that a caller has to send its line."""


def answer(line: bytes, data: Path) -> dict[str, object]:
    """Do what a line asks; what went wrong is in the answer."""
    try:
        what, disk, size = _request(line, data)
    except ValueError as error:
        return {"error": str(error)}
    try:
        if what == "ensure":
            return {"size": disk.ensure(size)}
        disk.remove()
    except DiskError as error:
        log.error("%s %s: %s", what, disk.project, error)
        return {"error": str(error)}
    except OSError as error:
        log.exception("%s %s", what, disk.project)
        return {"error": f"The disk of the project {disk.project} can't be used: {error.strerror}"}
    return {}


def _request(line: bytes, data: Path) -> tuple[str, Disk, int | None]:
    try:
        request = json.loads(line)
        what, project, size = request["do"], request["project"], request.get("size")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("This is not a request for a project's disk.") from error
    if what not in ("ensure", "remove"):
        raise ValueError("A disk can be ensured and removed, nothing else.")
    if not isinstance(project, str) or not NAME.fullmatch(project):
        raise ValueError("This is not a project's name.")
    if size is not None and not (type(size) is int and 0 < size <= LARGEST):
        raise ValueError("A disk's size is a number of bytes.")
    return what, Disk(data, project), size


def mount_all(data: Path) -> None:
    """Mount each disk that was made; one that can't be keeps no other."""
    for disk in known(data):
        try:
            disk.ensure(None)
        except (DiskError, OSError):
            log.exception("the disk of %s could not be mounted", disk.project)


def serve(path: Path, data: Path) -> None:
    """Answer until stopped. One caller at a time: two never mount the same thing."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(64)
        while True:
            caller, _ = listener.accept()
            with caller:
                _one(caller, data)


def _one(caller: socket.socket, data: Path) -> None:
    caller.settimeout(PATIENCE)
    try:
        with caller.makefile("rb") as lines:
            line = lines.readline(LONGEST_LINE)
        if line.endswith(b"\n"):
            caller.sendall(json.dumps(answer(line, data)).encode() + b"\n")
    except OSError as error:
        log.warning("a caller was lost: %s", error)


def main() -> int:
    """Serve on ``CARREL_DISKS``."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stdout)
    data = data_root()
    mount_all(data)
    serve(Path(os.environ.get("CARREL_DISKS") or SOCKET), data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
