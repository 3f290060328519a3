"""What a site file says, read strictly: every fault with its line, unknown keys refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from provisioning.extracts.dictionary import two_titles
from provisioning.lined_yaml import FileRefused, Section, load
from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name
from provisioning.registry.models import AccountStatus, ProjectStatus, Role

_UNITS = {"MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
QUOTAS: dict[str, float | None] = {
    "cpu": 1.5,
    "memory_bytes": 2 * 1024**3,
    "pids": 256,
    "gpus": 0,
    "max_runs": 2,
    "display_bytes": None,
    "display_cells": None,
}
"""What a project has where the file does not say."""


@dataclass(frozen=True)
class Place:
    """Where in the file a thing is declared, for the errors that only the registry can find."""

    file: str
    line: int

    def refuse(self, refusal: Refusal) -> FileRefused:
        """``refusal`` with file and line before it."""
        return FileRefused(refusal.message, (self.file, self.line), **refusal.values)


@dataclass(frozen=True)
class AccountWanted:
    place: Place
    name: str
    display_name: str
    role: Role
    status: AccountStatus


@dataclass(frozen=True)
class ProjectWanted:
    place: Place
    name: str
    title: dict[str, str]
    status: ProjectStatus
    expires: date | None
    quotas: dict[str, float | None]
    members: tuple[tuple[Place, str], ...]
    extracts: tuple[tuple[Place, str], ...]


@dataclass(frozen=True)
class Site:
    accounts: tuple[AccountWanted, ...]
    projects: tuple[ProjectWanted, ...]


def read_site(path: Path) -> Site:
    """Read ``path``. Raises `FileRefused` with the line of the first fault."""
    top = load(path)
    accounts = _each(top, "accounts", _account)
    projects = _each(top, "projects", _project)
    top.finish()
    return Site(accounts, projects)


T = TypeVar("T")


def _each(top: Section, key: str, make: Callable[[Place, str, Section], T]) -> tuple[T, ...]:
    below: Section | None = top.section(key, None)
    if below is None:
        return ()
    made = []
    for name, section in below.sections():
        place = Place(below.file, below.line_of(name))
        made.append(make(place, _named(place, name), section))
        section.finish()
    return tuple(made)


def _named(place: Place, name: object) -> str:
    try:
        return checked_name(name)
    except Refusal as refusal:
        raise place.refuse(refusal) from refusal


def _account(place: Place, name: str, section: Section) -> AccountWanted:
    return AccountWanted(
        place,
        name,
        display_name=section.text("display_name"),
        role=Role(section.choice("role", [role.value for role in Role])),
        status=AccountStatus(section.choice("status", [state.value for state in AccountStatus], "active")),
    )


def _project(place: Place, name: str, section: Section) -> ProjectWanted:
    return ProjectWanted(
        place,
        name,
        title=two_titles(section, "title"),
        status=ProjectStatus(section.choice("status", [state.value for state in ProjectStatus], "active")),
        expires=section.day("expires"),
        quotas=_quotas(section),
        members=_placed(section, "members"),
        extracts=_placed(section, "extracts"),
    )


def _quotas(section: Section) -> dict[str, float | None]:
    below: Section | None = section.section("quotas", None)
    if below is None:
        return dict(QUOTAS)
    quotas = {
        "cpu": float(below.number("cpu", QUOTAS["cpu"], least=0.1)),
        "memory_bytes": _memory(below),
        "pids": below.number("pids", QUOTAS["pids"], least=16, whole=True),
        "gpus": below.number("gpus", QUOTAS["gpus"], least=0, whole=True),
        "max_runs": below.number("max_runs", QUOTAS["max_runs"], least=0, whole=True),
        "display_bytes": below.number("display_bytes", QUOTAS["display_bytes"], least=1, whole=True),
        "display_cells": below.number("display_cells", QUOTAS["display_cells"], least=1, whole=True),
    }
    below.finish()
    return quotas


def _memory(section: Section) -> int:
    written = section.text("memory", "2 GiB")
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?(MiB|GiB|TiB)", written)
    size = int(float(match[1]) * _UNITS[match[2]]) if match else 0
    if size < 64 * 1024**2:
        raise section.refuse("memory must read like 2 GiB or 512 MiB, and be at least 64 MiB.", "memory")
    return size


def _placed(section: Section, key: str) -> tuple[tuple[Place, str], ...]:
    return tuple((Place(section.file, line), text) for line, text in section.texts(key, []))
