"""The demo site's desk, as the clinician's browser has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.server import Server
from hub_config.naming import DeskNames
from images.console import Stop
from provisioning.host import demo
from provisioning.host.person import Person
from provisioning.host.settings import site

ROLES = ("clinician", "second_clinician")
"""Whose desk is measured: the first one's that nobody is using."""


@contextmanager
def free_desk() -> Iterator[Server]:
    """A desk of the demo site that does not run; it is stopped again at the end.

    Raises
    ------
    Stop
        When there is no demo site, or somebody is at every desk that could be measured.
    """
    found = demo.recall(site())
    if not found:
        raise Stop(f"{site().demo_file} is not there; start the demo site with: make up")
    desks = (_desk(role, found) for role in ROLES)
    desk = next((desk for desk in desks if desk.state() is None), None)
    if desk is None:
        raise Stop(f"The desks of {' and '.join(ROLES)} are in use; stop one of them first")
    try:
        yield desk
    finally:
        if desk.state() is not None:
            desk.stop()


def _desk(role: str, found: dict[str, Any]) -> Server:
    user = found["users"][role]
    person = Person(found["url"])
    if not person.sign_in(user["name"], user["password"], user["totp"]):
        raise Stop(f"{user['name']} can't sign in with the password in {site().demo_file}")
    project = _project(person)
    names = DeskNames(site().name, project, user["name"])
    return Server(person, user["name"], project, (names.desk, names.engine))


def _project(person: Person) -> str:
    return str(person.portal("projects")["projects"][0]["name"])
