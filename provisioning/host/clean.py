"""`make clean`: remove what `make up` and `make test` made on this machine, and nothing else.

`make reset` removes only the site and what people made in it; images and the virtual environment stay.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from images.console import Stop, run, say
from images.recipe import OWNER_LABEL, ROOT
from provisioning.host import compose, disks, docker_engine
from provisioning.host.lock import alone
from provisioning.host.settings import Site

CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")

STATE = ("data", "demo.json", "demo.new", "handover", "keys", "secrets.env", "secrets.new", "tls")
"""What a site keeps in ``var/``."""
TOOLS = (
    "build-venv",
    "code",
    "context",
    "debian",
    "dist",
    "labextension",
    "log",
    "node",
    "npm",
    "up.lock",
    "wheels",
)
"""What else `make up` makes there. The folder may be somebody's own: what else is in it stays."""


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def clean(site: Site) -> None:
    """Containers, networks, volumes and images by their labels; then the folders."""
    with alone(site):
        if docker_engine.answers():
            _site(site)
            images()
        else:
            say("no Docker engine answers; only the folders are removed")
        say(f"removing what was made in {site.var}, and the virtual environment")
        shutil.rmtree(ROOT / ".venv", ignore_errors=True)
        for cache in CACHES:
            shutil.rmtree(ROOT / cache, ignore_errors=True)
        _folders(site, STATE + TOOLS)
        try:
            if site.config.is_dir() and not any(site.config.iterdir()):
                site.config.rmdir()
            if not any(site.var.iterdir()):
                site.var.rmdir()
        except OSError as error:
            raise _not_removed(error) from error


def reset(site: Site) -> None:
    """The site of this name, wherever it was started from, and what this folder holds of it."""
    docker_engine.ensure(site.var / "log")
    with alone(site):
        _site(site)
        _folders(site, STATE)
    say("the site and what people made in it are removed; make up makes a new one")


def _site(site: Site) -> None:
    compose.down(site)
    volumes = compose.labelled(site, "volume")
    if volumes:
        run(["docker", "volume", "rm", *volumes], why="A volume could not be removed")
    disks.unmount(site)


def _folders(site: Site, names: tuple[str, ...]) -> None:
    try:
        for name in names:
            _remove(site.var / name)
    except OSError as error:
        raise _not_removed(error) from error


def _not_removed(error: OSError) -> Stop:
    return Stop(f"{error.filename} can't be removed: {error.strerror}; mend it with: sudo make clean")


def images() -> None:
    """Remove the images that carry the build's label, those that others stand on last."""
    command = ["docker", "image", "ls", "--all", "--quiet", "--no-trunc", "--filter", f"label={OWNER_LABEL}"]
    while True:
        left = list(dict.fromkeys(run(command, why="Docker does not answer").split()))
        removed = [
            image
            for image in left
            if subprocess.run(  # noqa: S603
                ["docker", "image", "rm", "--force", image],  # noqa: S607
                capture_output=True,
                check=False,
            ).returncode
            == 0
        ]
        if not removed:
            break
    if left:
        say(f"{len(left)} images are still used by other containers and stay")
