"""What a person may set for `make up`, all from the environment."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from images.console import Stop
from images.recipe import ROOT, VERSION


@dataclass(frozen=True)
class Site:
    """One site on this machine.

    Attributes
    ----------
    var
        Where everything that is not in Docker is kept (``CARREL_VAR``, by default ``var/``).
    """

    name: str
    port: int
    bind: str
    var: Path

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the site."""
        host = "127.0.0.1" if self.bind in ("0.0.0.0", "127.0.0.1") else self.bind  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def data(self) -> Path:
        """The data folder: extracts, templates, workspaces, runs."""
        return self.var / "data"

    @property
    def config(self) -> Path:
        """The admin's own configuration: ``jupyterhub_config.py`` there is read after Carrel's."""
        return self.var / "config"

    @property
    def demo_file(self) -> Path:
        """What scripts read about the demo site."""
        return self.var / "demo.json"

    @cached_property
    def secrets(self) -> dict[str, str]:
        """The services' tokens, made once and kept in a file that only its owner reads."""
        path = self.var / "secrets.env"
        if not path.exists():
            lines = [
                f"{name}={secrets.token_hex(32)}"
                for name in ("CONFIGPROXY_AUTH_TOKEN", "CARREL_PORTAL_TOKEN")
            ]
            temporary = path.with_suffix(".new")
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("\n".join(lines) + "\n")
            temporary.rename(path)
        return dict(line.split("=", 1) for line in path.read_text().split())

    def environment(self) -> dict[str, str]:
        """What ``docker-compose.yml`` wants set."""
        return {
            **os.environ,
            **self.secrets,
            "COMPOSE_PROJECT_NAME": self.name,
            "CARREL_SITE": self.name,
            "CARREL_VERSION": VERSION,
            "CARREL_PORT": str(self.port),
            "CARREL_BIND": self.bind,
            "CARREL_HOST_DATA": str(self.data),
            "CARREL_HOST_CONFIG": str(self.config),
        }


def site() -> Site:
    """The site that the environment describes. Raises `Stop` on a value that can't be."""
    name = os.environ.get("CARREL_SITE", "carrel")
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", name):
        raise Stop(
            f"CARREL_SITE={name!r} is not a name of at most 20 lower-case letters, digits and hyphens "
            "that begins with a letter"
        )
    port = os.environ.get("CARREL_PORT", "8000")
    if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise Stop(f"CARREL_PORT={port!r} is not a port from 1 to 65535")
    bind = os.environ.get("CARREL_BIND", "127.0.0.1")
    return Site(name, int(port), bind, Path(os.environ.get("CARREL_VAR", str(ROOT / "var"))).resolve())
