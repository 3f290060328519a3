"""The projects' disks as the host sees them: mounts that pass between it and the containers."""

from __future__ import annotations

from pathlib import Path

from images.console import run, say
from provisioning.disks.disk import KEPT
from provisioning.disks.mounting import below
from provisioning.host import compose
from provisioning.host.settings import Site


def share(site: Site) -> None:
    """Have mounts below the data folder seen by host and containers alike.

    With systemd every mount is shared; elsewhere the data folder becomes one of its own that is.
    """
    site.data.mkdir(parents=True, exist_ok=True)
    if not _shared(site.data):
        run(["mount", "--bind", str(site.data), str(site.data)], why="The data folder could not be mounted")
        run(["mount", "--make-rshared", str(site.data)], why="The data folder's mounts can't be shared")


def _shared(place: Path) -> bool:
    """Whether the mount that ``place`` is on is a shared one (mount_namespaces(7))."""
    best, shared = -1, False
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.partition(" - ")[0].split(" ")
        target = fields[4]
        if place.is_relative_to(target) and len(target) >= best:
            best, shared = len(target), any(each.startswith("shared:") for each in fields[6:])
    return shared


def make_way(site: Site) -> None:
    """End the desks of a site whose projects had no disks yet: their folders are about to move."""
    plain = [
        folder.name
        for kept in KEPT
        for folder in (site.data / kept).glob("*")
        if not (site.data / "disks" / f"{folder.name}.ext4").exists()
    ]
    if plain and compose.health(site, "disks") == "absent" and (desks := compose.engines(site)):
        say(f"ending {len(desks)} desks and runs: their project's files move to a disk of its own")
        run(["docker", "rm", "--force", *desks], why="The containers could not be removed")


def unmount(site: Site) -> None:
    """Unmount all below the data folder, so that it can be removed."""
    for place in below(site.data):
        run(["umount", str(place)], why=f"{place} can't be unmounted")
