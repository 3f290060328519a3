"""What a check finds, and what it looks at."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from images.console import Stop
from provisioning.host.settings import Site

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's; ``fix`` is what to do, empty where all is well."""

    check: str
    state: State
    text: str
    fix: str = ""

    def line(self) -> str:
        """For a person."""
        return f"{self.state:<4}  {self.check}: {self.text}" + (f"; {self.fix}" if self.fix else "")

    def row(self) -> dict[str, str]:
        """For programs."""
        return {"check": self.check, "state": self.state, "text": self.text, "fix": self.fix}


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", text)


def warn(check: str, text: str, fix: str) -> Finding:
    """It works, and should not stay so."""
    return Finding(check, "warn", text, fix)


def fail(check: str, text: str, fix: str) -> Finding:
    """It does not work, or does not protect."""
    return Finding(check, "fail", text, fix)


@dataclass(frozen=True)
class Patient:
    """The site that is looked at; what Docker says of it is asked once."""

    site: Site

    def docker(self, *arguments: str) -> str:
        """What ``docker`` prints. Raises `Stop`."""
        try:
            done = subprocess.run(  # noqa: S603
                ["docker", *arguments],  # noqa: S607
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Stop(f"docker {arguments[0]}: {error}") from error
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise Stop(f"docker {arguments[0]}: {said[-1]}")
        return done.stdout

    def inspect(self, kind: str, listing: list[str]) -> list[dict[str, Any]]:
        """Docker's own description of each thing that carries the site's label."""
        names = self.docker(*listing, "--quiet", "--filter", f"label=carrel.site={self.site.name}").split()
        return json.loads(self.docker(kind, "inspect", *names)) if names else []

    @cached_property
    def info(self) -> dict[str, Any]:
        """``docker info``."""
        return json.loads(self.docker("info", "--format", "{{json .}}"))

    @cached_property
    def containers(self) -> list[dict[str, Any]]:
        """The site's running containers."""
        return self.inspect("container", ["ps"])

    @cached_property
    def networks(self) -> list[dict[str, Any]]:
        """The site's networks."""
        return self.inspect("network", ["network", "ls"])
