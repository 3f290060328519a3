"""`make clean`: remove what `make up` and `make test` made on this machine, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from images.console import Stop, run, say
from images.recipe import OWNER_LABEL, ROOT
from provisioning.host import compose, docker_engine
from provisioning.host.lock import alone
from provisioning.host.settings import Site

CACHES = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")

MADE = (
    "build-venv",
    "code",
    "context",
    "data",
    "debian",
    "demo.json",
    "demo.new",
    "dist",
    "handover",
    "keys",
    "labextension",
    "log",
    "node",
    "npm",
    "secrets.env",
    "secrets.new",
    "tls",
    "up.lock",
    "wheels",
)
"""What `make up` makes in ``var/``. The folder may be somebody's own: what else is in it stays."""


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def clean(site: Site) -> None:
    """Containers, networks, volumes and images by their labels; then the folders."""
    with alone(site):
        if docker_engine.answers():
            compose.down(site)
            volumes = compose.labelled(site, "volume")
            if volumes:
                run(["docker", "volume", "rm", *volumes], why="A volume could not be removed")
            images()
        else:
            say("no Docker engine answers; only the folders are removed")
        say(f"removing what was made in {site.var}, and the virtual environment")
        shutil.rmtree(ROOT / ".venv", ignore_errors=True)
        for cache in CACHES:
            shutil.rmtree(ROOT / cache, ignore_errors=True)
        try:
            for name in MADE:
                _remove(site.var / name)
            if site.config.is_dir() and not any(site.config.iterdir()):
                site.config.rmdir()
            if not any(site.var.iterdir()):
                site.var.rmdir()
        except OSError as error:
            raise Stop(
                f"{error.filename} can't be removed: {error.strerror}; mend it with: sudo make clean"
            ) from error


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
