"""What must be so before `make up` begins to build."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

from images import debian
from images.console import Stop
from images.recipe import IMAGES
from provisioning.host.settings import Site

DISK_COLD = 12
"""GiB that a first build takes at its height: wheels, build stages, images."""
DISK_WARM = 2
"""GiB to work with once the images stand."""


def root() -> None:
    """Refuse to begin as somebody who can't give folders to the services' accounts."""
    if os.geteuid() != 0:
        raise Stop(
            "make up gives folders to the services' own accounts, which only root may; use: sudo make up"
        )


def free_gib(place: Path) -> float:
    """GiB free where ``place`` is, or will be."""
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free / 1024**3


def disk(site: Site) -> None:
    """Refuse to begin on a disk that would fill up half-way."""
    warm = all(debian.present(image.tag) for image in IMAGES)
    wanted = os.environ.get("CARREL_DISK_GIB", str(DISK_WARM if warm else DISK_COLD))
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", wanted):
        raise Stop(f"CARREL_DISK_GIB={wanted!r} is not a number of GiB; leave it out for {DISK_COLD}")
    needed = float(wanted)
    places = {site.var, _docker_root()}
    for place in places:
        free = free_gib(place)
        if free < needed:
            raise Stop(
                f"{place} has {free:.1f} GiB free and {needed:.0f} GiB are needed; free some, or move it"
            )


def _docker_root() -> Path:
    done = subprocess.run(
        ["docker", "info", "--format", "{{.DockerRootDir}}"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return Path(done.stdout.strip() or "/var/lib/docker")


def port(site: Site) -> None:
    """Refuse a port that something else listens on; the site's own proxy may."""
    command = ["docker", "inspect", "--format", "{{.State.Running}} {{json .NetworkSettings.Ports}}"]
    own = subprocess.run([*command, f"{site.name}.proxy"], capture_output=True, text=True, check=False)  # noqa: S603
    if own.stdout.startswith("true") and f'"HostPort":"{site.port}"' in own.stdout:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((site.bind, site.port))
        except OSError as error:
            raise Stop(
                f"Port {site.port} on {site.bind} can't be used ({error.strerror}); choose another: "
                f"CARREL_PORT={site.port + 1 if site.port < 65535 else 8000} make up"
            ) from error


def one_folder(site: Site) -> None:
    """Refuse a site of this name that keeps its data elsewhere: its registry would be taken over."""
    form = '{{range .Mounts}}{{if eq .Destination "/etc/carrel"}}{{.Source}}{{end}}{{end}}'
    command = ["docker", "inspect", "--format", form, f"{site.name}.hub"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    other = done.stdout.strip()
    if done.returncode == 0 and other and Path(other) != site.config:
        raise Stop(
            f"A site {site.name} that keeps its data in {Path(other).parent} is on this machine; choose "
            "another name in CARREL_SITE, or stop it with make down where you moved its folder here, or "
            "remove it with make reset"
        )


def restore(site: Site) -> None:
    """Refuse to start on data that a restore has not put in place wholly."""
    if (site.data / ".restoring").exists():
        raise Stop(
            f"A restore into {site.data} was cut short; run it again and it is finished: "
            "python3 -m provisioning.host restore --from FILE …"
        )
