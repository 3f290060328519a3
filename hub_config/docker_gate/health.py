"""Whether the gate, and the engine behind it, answer: ``python -m hub_config.docker_gate.health``."""

from __future__ import annotations

import http.client
import socket
import sys

SOCKET = "/run/carrel-gate/docker.sock"


def answers(path: str = SOCKET) -> bool:
    """Whether ``GET /_ping`` comes back with 200."""
    connection = http.client.HTTPConnection("gate", timeout=4)
    try:
        connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.sock.settimeout(4)
        connection.sock.connect(path)
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if answers() else 1)
