"""What site files say, read strictly: every fault with its line, unknown keys refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Protocol, TypeVar

from provisioning.extracts.dictionary import two_titles
from provisioning.lined_yaml import Section, load
from provisioning.refusal import Refusal
from provisioning.registry import roles
from provisioning.registry.columns import checked_name
from provisioning.registry.models import GIB, AccountStatus, ProjectStatus, Role
from provisioning.registry.policies import LARGEST, POLICIES
from provisioning.site.faults import Faults, Place

UNITS = {"TiB": 1024**4, "GiB": GIB, "MiB": 1024**2, "B": 1}
QUOTAS: dict[str, float | None] = {
    "cpu": 1.5,
    "memory_bytes": 2 * GIB,
    "pids": 256,
    "gpus": 0,
    "disk_bytes": 20 * GIB,
    "max_desks": 20,
    "max_runs": 2,
    "display_bytes": None,
    "display_cells": None,
}
"""What a project has where the file does not say."""
LEAST = {"pids": 16, "gpus": 0, "max_desks": 0, "max_runs": 0, "display_bytes": 1, "display_cells": 1}
"""The least of each quota that is a whole number."""


@dataclass(frozen=True)
class AccountWanted:
    place: Place
    name: str
    display_name: str
    roles: frozenset[Role]
    status: AccountStatus


@dataclass(frozen=True)
class GrantWanted:
    place: Place
    reference: str
    """``name`` or ``name@version``."""
    expires: date | None


@dataclass(frozen=True)
class ProjectWanted:
    place: Place
    name: str
    values: dict[str, object]
    """The project's columns, quotas among them."""
    status: ProjectStatus
    members: tuple[tuple[Place, str], ...]
    grants: tuple[GrantWanted, ...]


@dataclass(frozen=True)
class Site:
    accounts: tuple[AccountWanted, ...]
    projects: tuple[ProjectWanted, ...]
    policies: dict[str, tuple[Place, int]] = field(default_factory=dict)


def read_site(*paths: Path) -> Site:
    """Read ``paths`` as one. Raises `FileRefused` with the line of the fault, or `SeveralFaults`.

    What two files declare is refused with both places; who declares what must stay plain.
    """
    faults = Faults()
    accounts: dict[str, AccountWanted] = {}
    projects: dict[str, ProjectWanted] = {}
    policies: dict[str, tuple[Place, int]] = {}
    for path in paths:
        with faults.keep():
            top = load(path)
            _each(top, "accounts", _account, accounts, faults)
            _each(top, "projects", _project, projects, faults)
            with faults.keep():
                _policies(top, policies, faults)
            top.finish()
    faults.refuse()
    return Site(tuple(accounts.values()), tuple(projects.values()), policies)


class _Wanted(Protocol):
    @property
    def place(self) -> Place: ...


T = TypeVar("T", bound=_Wanted)


def _each(
    top: Section, key: str, make: Callable[[Place, str, Section], T], made: dict[str, T], faults: Faults
) -> None:
    with faults.keep():
        below: Section | None = top.section(key, None)
        if below is None:
            return
        for name in list(below.keys()):
            with faults.keep():
                place = Place(below.file, below.line_of(name))
                section = below.section(name)
                wanted = make(place, _named(place, name), section)
                section.finish()
                if name in made:
                    raise place.refuse(_twice(name, made[name].place))
                made[name] = wanted


def _twice(name: object, first: Place) -> Refusal:
    return Refusal(
        "{name} is declared at {file}:{line} already: keep one of the two.",
        name=name,
        file=first.file,
        line=first.line,
    )


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
        roles=_roles(place, name, section),
        status=AccountStatus(section.choice("status", [state.value for state in AccountStatus], "active")),
    )


def _roles(place: Place, name: str, section: Section) -> frozenset[Role]:
    known = [role.value for role in Role]
    if "roles" not in section:
        held = frozenset({Role(section.choice("role", known))})
    else:
        if "role" in section:
            raise section.refuse("write role or roles, not both.", "roles")
        texts = section.texts("roles")
        for _, text in texts:
            if text not in known:
                raise section.refuse(
                    "{role} is not a role. Roles: {known}.", "roles", role=text, known=", ".join(known)
                )
        held = frozenset(Role(text) for _, text in texts)
    try:
        roles.check(name, held)
    except Refusal as refusal:
        raise place.refuse(refusal) from refusal
    return held


def _project(place: Place, name: str, section: Section) -> ProjectWanted:
    title = two_titles(section, "title")
    values: dict[str, object] = {"title_en": title["en"], "title_zh": title["zh"]}
    status = ProjectStatus(section.choice("status", [state.value for state in ProjectStatus], "active"))
    values["status"] = status
    values["expires"] = section.day("expires")
    for paper in ("approval", "agreement"):
        below = section.section(paper, None)
        values[f"{paper}_number"] = below.text("number", longest=100) if below else None
        values[f"{paper}_expires"] = below.day("expires") if below else None
        if below:
            below.finish()
    return ProjectWanted(
        place,
        name,
        values=values | _quotas(section),
        status=status,
        members=tuple((Place(section.file, line), text) for line, text in section.texts("members", [])),
        grants=_grants(section),
    )


def _grants(section: Section) -> tuple[GrantWanted, ...]:
    made = []
    for line, reference, below in section.entries("extracts", "extract"):
        expires = below.day("expires") if below else None
        if below:
            below.finish()
        made.append(GrantWanted(Place(section.file, line), reference, expires))
    return tuple(made)


def _quotas(section: Section) -> dict[str, object]:
    below: Section | None = section.section("quotas", None)
    if below is None:
        return dict(QUOTAS)
    quotas: dict[str, object] = {
        "cpu": float(below.number("cpu", QUOTAS["cpu"], least=0.1)),
        "memory_bytes": _size(below, "memory", "2 GiB"),
        "disk_bytes": _size(below, "disk", "20 GiB"),
    }
    for name, least in LEAST.items():
        most = LARGEST if name.startswith("display") else 2**31 - 1
        quotas[name] = value = below.number(name, QUOTAS[name], least=least, whole=True)
        if value is not None and value > most:
            raise below.refuse("{key} must be at most {most}.", name, key=name, most=most)
    below.finish()
    return quotas


def read_size(text: str) -> int | None:
    """Bytes of a size such as ``2 GiB``; None where it is none, or below 64 MiB."""
    match = re.fullmatch(r"([0-9]{1,16}(?:\.[0-9]{1,3})?) ?(B|MiB|GiB|TiB)", text)
    size = int(float(match[1]) * UNITS[match[2]]) if match else 0
    return size if 64 * 1024**2 <= size <= LARGEST else None


def shown_size(size: int) -> str:
    """``size`` bytes as `read_size` reads it, exactly."""
    unit = next(name for name, bytes_ in UNITS.items() if size % bytes_ == 0)
    return f"{size // UNITS[unit]} {unit}"


def _size(section: Section, key: str, default: str) -> int:
    size = read_size(section.text(key, default))
    if size is None:
        raise section.refuse("{key} must read like 2 GiB or 512 MiB, and be at least 64 MiB.", key, key=key)
    return size


def _policies(top: Section, made: dict[str, tuple[Place, int]], faults: Faults) -> None:
    below: Section | None = top.section("policies", None)
    if below is None:
        return
    for name in POLICIES:
        if name in below:
            with faults.keep():
                place = Place(below.file, below.line_of(name))
                value = below.number(name, least=1, whole=True)
                if value > LARGEST:
                    raise below.refuse("{key} must be at most {most}.", name, key=name, most=LARGEST)
                if name in made:
                    raise place.refuse(_twice(name, made[name][0]))
                made[name] = (place, value)
        else:
            below.number(name, None, least=1)
    below.finish()
