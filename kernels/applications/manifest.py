"""The manifest: which applications there are. Desk and engine read this one table.

An application is a module of the image that serves HTTP on the unix socket that is its only argument.
What a name stands for is the engine's word: code in an engine can listen on the same socket. So the
desk takes an answer as it takes a kernel's output, whatever its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernels.protocol import SOCKETS, ProtocolError

NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")


@dataclass(frozen=True)
class Application:
    """One named application."""

    name: str
    title: Mapping[str, str]
    """By language: ``en`` and ``zh``."""
    module: str
    requires: tuple[str, ...] = ()
    """Modules without which an engine's image cannot run it."""

    def title_in(self, language: str) -> str:
        """The title in ``language`` ('en' or 'zh_CN')."""
        return self.title["zh" if language == "zh_CN" else "en"]


def table(applications: Iterable[Application]) -> dict[str, Application]:
    """Applications by name. Raises ValueError for a name that is not plain or not alone."""
    named: dict[str, Application] = {}
    for application in applications:
        if not NAME.fullmatch(application.name) or application.name in named:
            raise ValueError(f"{application.name!r} cannot name an application")
        named[application.name] = application
    return named


APPLICATIONS = table(
    [
        Application(
            name="cohort-explorer",
            title={"en": "Cohort explorer", "zh": "队列浏览"},
            module="kernels.applications.cohort_explorer",
            requires=("duckdb", "tornado"),
        )
    ]
)


def named(name: object) -> Application:
    """The application of that name. Raises `ProtocolError` when the manifest has none."""
    found = APPLICATIONS.get(name) if isinstance(name, str) else None
    if found is None:
        raise ProtocolError("there is no application of that name")
    return found


def socket_name(name: str) -> str:
    """The file name of an application's socket."""
    return f"app-{name}.sock"


def socket_path(name: str, sockets: str = SOCKETS) -> Path:
    """Where an application listens."""
    return Path(sockets, socket_name(name))
