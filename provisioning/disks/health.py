"""Whether the process that mounts answers: ``python -m provisioning.disks.health``."""

from __future__ import annotations

import socket
import sys

from provisioning.disks.client import socket_path


def main() -> int:
    """0 when it does."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(4)
        try:
            connection.connect(str(socket_path()))
        except OSError as error:
            print(f"the process that mounts does not answer: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
