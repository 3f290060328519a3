"""Run the gate: ``python -m hub_config.docker_gate``. Its settings are the environment's."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import sys
from pathlib import Path

from aiohttp import web

from hub_config.docker_gate.creation import Site
from hub_config.docker_gate.folders import DataFolder
from hub_config.docker_gate.server import DockerGate
from provisioning.disks import client


def listen(path: Path, group: int) -> socket.socket:
    """A unix socket that ``group`` alone may connect to."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    os.chown(path, 0, group)
    path.chmod(0o660)
    return listener


def main() -> int:
    """Serve until stopped."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stdout)
    env = os.environ
    site = Site(
        name=env.get("CARREL_SITE", "carrel"),
        data=DataFolder(here=Path("/srv/carrel"), host=env["CARREL_HOST_DATA"], disks=client.socket_path()),
        desk_subnets=ipaddress.IPv4Network(env.get("CARREL_DESK_SUBNETS", "10.213.0.0/16")),
    )
    guests = {f"{site.name}.{part}": part for part in ("proxy", "hub")}
    gate = DockerGate(site, env.get("CARREL_DOCKER_SOCKET", "/var/run/docker.sock"), guests)
    listener = listen(Path("/run/carrel-gate/docker.sock"), int(env.get("CARREL_GID", "2010")))
    web.run_app(gate.application(), sock=listener, print=None, access_log=None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
