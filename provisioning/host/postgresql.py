"""PostgreSQL for the registry's tests: the distribution's programs, of which no service is wanted."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from provisioning.host.docker_engine import install

PACKAGES = ("postgresql",)


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl`` (``CARREL_POSTGRESQL`` names another); the newest version's."""
    if named := os.environ.get("CARREL_POSTGRESQL"):
        return Path(named)
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


def ensure() -> None:
    """Install the distribution's where there is none.

    Raises `images.console.Stop` with the command where this process may not.
    """
    if binaries() is None:
        install(PACKAGES, "PostgreSQL, on which the registry is tested, is not installed")
