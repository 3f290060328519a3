"""The `carrel` command as typed on the host: ``python3 -m provisioning.host carrel …``."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from images.recipe import by_name
from provisioning.disks.client import SOCKET
from provisioning.host.settings import Site

HERE = "/here"
AS_ROOT = frozenset({("project", "archive"), ("project", "delete")})
"""Verbs that read or remove files of the engines' uid."""
PASSED_ON = ("LANG", "LC_ALL", "LC_MESSAGES", "TZ", "CARREL_REGISTRY_URL")

Keeper = Callable[[Site, list[str]], int]


def carrel(site: Site, arguments: list[str], keepers: Mapping[str, Keeper]) -> int:
    """Run the command on the site, in a container without a network; its exit status.

    The folder in which it is typed is its working folder, as far as uid 2010 may read it. What needs the
    host itself (``keepers``: backup, restore, doctor) is done on the host.
    """
    if arguments and arguments[0] in keepers:
        return keepers[arguments[0]](site, arguments[1:])
    return subprocess.run(_line(site, arguments), check=False).returncode  # noqa: S603


def _line(site: Site, arguments: list[str]) -> list[str]:
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    passed = [f"--env={name}={os.environ[name]}" for name in PASSED_ON if os.environ.get(name)]
    # On record as who did it: sudo says who that was.
    actor = os.environ.get("SUDO_USER") or getpass.getuser()
    # Root of the container alone, with no more than it takes to reach another uid's files.
    rights = (
        *("--user=0:0", "--cap-add=DAC_OVERRIDE", "--cap-add=FOWNER"),
        *(f"--volume={site.name}_disks:/run/carrel-disks", f"--env=CARREL_DISKS={SOCKET}"),
    )
    as_root = tuple(arguments[:2]) in AS_ROOT
    # A disk that is unmounted meanwhile goes from the container's sight, too.
    seeing = ":rslave" if as_root else ""
    return [
        *("docker", "run", "--rm", "--interactive", *terminal, "--network=none", "--read-only"),
        *("--cap-drop=ALL", "--security-opt=no-new-privileges:true", "--tmpfs=/tmp"),
        *(rights if as_root else ()),
        *(f"--label=carrel.site={site.name}", *passed, f"--env=CARREL_ACTOR={actor}"),
        *(f"--volume={site.name}_registry:/srv/registry", f"--volume={site.data}:/srv/carrel{seeing}"),
        *(f"--volume={site.keys}:/srv/keys", f"--volume={site.var / 'handover'}:/handover"),
        *(f"--volume={Path.cwd()}:{HERE}", f"--workdir={HERE}", by_name("hub").tag, "carrel", *arguments),
    ]
