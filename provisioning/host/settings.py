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

SECRETS = ("CONFIGPROXY_AUTH_TOKEN", "CARREL_PORTAL_TOKEN", "CARREL_METRICS_TOKEN")
"""The services' tokens, each made when it is first missing."""


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
    tls: bool = False
    own_certificate: tuple[Path, Path] | None = None
    """``CARREL_TLS_CERT`` and ``CARREL_TLS_KEY``; TLS without them is self-signed."""
    redirect_port: int | None = None
    """Where plain HTTP is answered with the way to HTTPS."""
    host_name: str | None = None
    """What people type, when it is not the address that the port is bound to."""
    own_keys: Path | None = None
    hub_outside: bool = False
    """Whether the hub's container is on a network that leads out (``CARREL_HUB_OUTSIDE=yes``)."""

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the site."""
        host = "127.0.0.1" if self.bind in ("0.0.0.0", "127.0.0.1") else self.bind  # noqa: S104
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def names(self) -> list[str]:
        """The names and addresses that a certificate of this site must hold."""
        bound = [] if self.bind == "0.0.0.0" else [self.bind]  # noqa: S104
        named = [self.host_name] if self.host_name else []
        return list(dict.fromkeys([*named, *bound, "127.0.0.1", "localhost"]))

    @property
    def certificate(self) -> Path:
        """The proxy's certificate, where it has one."""
        return self.var / "tls/cert.pem"

    @property
    def tls_key(self) -> Path:
        """The key of `certificate`."""
        return self.var / "tls/key.pem"

    @property
    def keys(self) -> Path:
        """The site's keys, apart from its data (``CARREL_HOST_KEYS``, by default ``keys`` in `var`)."""
        return self.own_keys or self.var / "keys"

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
        known = dict(line.split("=", 1) for line in path.read_text().split()) if path.exists() else {}
        missing = [name for name in SECRETS if name not in known]
        if missing:
            known |= {name: secrets.token_hex(32) for name in missing}
            lines = [f"{name}={value}" for name, value in known.items()]
            temporary = path.with_suffix(".new")
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write("\n".join(lines) + "\n")
            temporary.rename(path)
        return known

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
            "CARREL_HOST_KEYS": str(self.keys),
            "CARREL_HOST_CONFIG": str(self.config),
            "CARREL_HOST_TLS": str(self.certificate.parent),
            "CARREL_REDIRECT_PORT": str(self.redirect_port or ""),
        }


def site() -> Site:
    """The site that the environment describes. Raises `Stop` on a value that can't be."""
    name = os.environ.get("CARREL_SITE", "carrel")
    if not re.fullmatch(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?", name):
        raise Stop(
            f"CARREL_SITE={name!r} is not a name of at most 20 lower-case letters, digits and hyphens "
            "that begins with a letter"
        )
    port = _port("CARREL_PORT", "8000")
    bind = os.environ.get("CARREL_BIND", "127.0.0.1")
    var = Path(os.environ.get("CARREL_VAR", str(ROOT / "var"))).resolve()
    tls, own = _tls()
    redirect = _port("CARREL_REDIRECT_PORT", "0") if os.environ.get("CARREL_REDIRECT_PORT") else None
    if redirect is not None and (not tls or redirect == port):
        raise Stop("CARREL_REDIRECT_PORT needs CARREL_TLS, and a port other than CARREL_PORT")
    host_name = os.environ.get("CARREL_HOST_NAME") or None
    if host_name and not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", host_name):
        raise Stop(f"CARREL_HOST_NAME={host_name!r} is not a host name")
    keys = os.environ.get("CARREL_HOST_KEYS")
    own_keys = Path(keys).resolve() if keys else None
    outside = os.environ.get("CARREL_HUB_OUTSIDE") or "no"
    if outside not in ("yes", "no"):
        raise Stop(f"CARREL_HUB_OUTSIDE={outside!r} is not yes or no")
    return Site(name, port, bind, var, tls, own, redirect, host_name, own_keys, outside == "yes")


def _port(variable: str, default: str) -> int:
    port = os.environ.get(variable, default)
    if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise Stop(f"{variable}={port!r} is not a port from 1 to 65535")
    return int(port)


def _tls() -> tuple[bool, tuple[Path, Path] | None]:
    """Whether the proxy speaks TLS, and with which certificate and key if not with self-signed ones."""
    given = [os.environ.get(variable) for variable in ("CARREL_TLS_CERT", "CARREL_TLS_KEY")]
    chosen = os.environ.get("CARREL_TLS") or ("own" if any(given) else "off")
    if chosen not in ("off", "self-signed", "own"):
        raise Stop(f"CARREL_TLS={chosen!r} is not one of off, self-signed, own")
    if chosen != "own":
        return chosen == "self-signed", None
    if not all(given):
        raise Stop("CARREL_TLS_CERT and CARREL_TLS_KEY belong together; give both")
    return True, (Path(str(given[0])).resolve(), Path(str(given[1])).resolve())
