"""What the parts of a desk are called in Docker, and the labels they carry.

Names join their parts with a dot, which no project's or account's name can hold: two desks never
share a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SITE_LABEL = "carrel.site"
ROLE_LABEL = "carrel.role"
PROJECT_LABEL = "carrel.project"
ACCOUNT_LABEL = "carrel.account"
RUN_LABEL = "carrel.run"
DISK_LABEL = "carrel.disk"
"""What the project's workspaces and runs together may hold, in bytes."""
EXTRACT_LABEL = "carrel.extract."
"""Followed by the extract's name; the value is the digest that it was registered with."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
RUN_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class DeskNames:
    """The names of one account's desk in one project at one site."""

    site: str
    project: str
    account: str

    def _name(self, kind: str) -> str:
        return f"{self.site}.{kind}.{self.project}.{self.account}"

    @property
    def desk(self) -> str:
        """The desk's container."""
        return self._name("desk")

    @property
    def engine(self) -> str:
        """The engine's container."""
        return self._name("engine")

    @property
    def sockets(self) -> str:
        """The volume that desk and engine share."""
        return self._name("sockets")

    @property
    def network(self) -> str:
        """The desk's own internal network."""
        return self._name("network")

    def labels(self, role: str) -> dict[str, str]:
        """The labels of this desk's container, volume or network."""
        return {
            SITE_LABEL: self.site,
            ROLE_LABEL: role,
            PROJECT_LABEL: self.project,
            ACCOUNT_LABEL: self.account,
        }


def run_engine_name(site: str, run: str) -> str:
    """The container of one template run."""
    return f"{site}.run.{run}"
