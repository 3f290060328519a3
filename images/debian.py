"""The Debian that `base` stands on: pulled where it can be, made with debootstrap where it can't."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from images.console import Stop, run, say
from images.recipe import OWNER_LABEL

RELEASE = "bookworm"
PULLED = "debian:bookworm-slim"
MADE = "carrel/debian:bookworm"


def mirror() -> str:
    """Debian's mirror over plain HTTP: packages are signed, and a build has no CA of the house."""
    return os.environ.get("CARREL_APT_MIRROR", "http://deb.debian.org").rstrip("/")


def present(reference: str) -> bool:
    """Whether the engine has this image."""
    command = ["docker", "image", "inspect", reference]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def image(var: Path) -> str:
    """The reference of a Debian base, fetched or made when there is none yet.

    ``CARREL_BASE_IMAGE`` names one to use instead (a hospital's own registry, say).

    Raises
    ------
    Stop
        When it can neither be pulled nor made.
    """
    wanted = os.environ.get("CARREL_BASE_IMAGE")
    for reference in filter(None, [wanted, None if wanted else MADE, None if wanted else PULLED]):
        if present(reference):
            return reference
    reference = wanted or PULLED
    say(f"pulling {reference}")
    try:
        run(["docker", "pull", "--quiet", reference], why="not pulled", timeout=300)
        return reference
    except Stop as refused:
        if wanted:
            raise Stop(
                f"The base image {wanted} (CARREL_BASE_IMAGE) can't be pulled; name one that can"
            ) from refused
        reason = str(refused).strip().splitlines()[-1][:120]
    say(f"it can't be pulled ({reason}); making one with debootstrap")
    return _bootstrap(var)


def _bootstrap(var: Path) -> str:
    if not shutil.which("debootstrap"):
        raise Stop(
            f"The base image {PULLED} can't be pulled and debootstrap is not installed; mend it with: "
            "apt-get install debootstrap, or name an image in CARREL_BASE_IMAGE"
        )
    folder = var / "debian"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        run(
            ["debootstrap", "--variant=minbase", RELEASE, str(folder / "root"), f"{mirror()}/debian"],
            why=f"The base can neither be pulled nor made from {mirror()} (CARREL_APT_MIRROR)",
            log=var / "log/debootstrap.log",
            timeout=1200,
        )
        (folder / "root/etc/resolv.conf").unlink(missing_ok=True)
        shutil.rmtree(folder / "root/var/cache/apt/archives", ignore_errors=True)
        archive = folder / "root.tar"
        run(["tar", "-C", str(folder / "root"), "-cf", str(archive), "."], why="The base could not be packed")
        label = ["--change", f"LABEL {OWNER_LABEL}=debian", "--change", 'CMD ["/bin/sh"]']
        run(["docker", "import", *label, str(archive), MADE], why="The base could not be imported")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return MADE
