"""Make the registry what site files declare, in one transaction; or say what would change.

What the files name is made so, including who is a member and what is granted. What they do not name
(other accounts, other projects) stays as it is. The registry is read in one query a table, and all faults
are reported together.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from provisioning.accounts import credentials
from provisioning.refusal import Refusal
from provisioning.registry import policies, roles
from provisioning.registry.columns import utc_now
from provisioning.registry.grants import check_grantable
from provisioning.registry.membership import not_for_members
from provisioning.registry.models import (
    Account,
    Extract,
    ExtractStatus,
    Grant,
    Membership,
    Project,
    Role,
)
from provisioning.registry.passwords import hash_random_password, random_password
from provisioning.registry.project_status import check_declared
from provisioning.site.faults import Faults
from provisioning.site.file import AccountWanted, GrantWanted, ProjectWanted, Site


@dataclass(frozen=True)
class Change:
    """One difference: ``+`` comes, ``-`` goes, ``~`` changes."""

    change: str
    what: str
    """account, project, member, grant or policy."""
    name: str
    of: str | None = None
    """The project of a member or grant."""
    field: str | None = None
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        line = f"{self.change} {self.what} {self.name}"
        if self.of:
            line += f" {'to' if self.what == 'grant' else 'of'} {self.of}"
        if self.field:
            return f"{line}: {self.field} {self.before} -> {self.after}"
        return f"{line} ({self.after})" if self.after else line

    def document(self) -> dict[str, str]:
        """For JSON: what is not None."""
        return {key: value for key, value in asdict(self).items() if value is not None}


@dataclass
class Applied:
    """What changed, and the passwords (and one-time-code secrets) of new accounts."""

    changes: list[Change] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    totp: dict[str, str] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The changes for people."""
        return [str(change) for change in self.changes]


class _Version(NamedTuple):
    """What of an extract matters here; its manifest, which may be long, stays in the registry."""

    id: int
    name: str
    version: int
    status: ExtractStatus
    made_for: str | None
    """The project whose key its pseudonyms were made with."""

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class _Known:
    """The registry as it is, in one query a table; kept up while it is changed."""

    def __init__(self, session: Session) -> None:
        self.accounts = {account.name: account for account in session.scalars(select(Account))}
        self.roles = {name: set(account.roles) for name, account in self.accounts.items()}
        self.projects = {project.name: project for project in session.scalars(select(Project))}
        self.members: dict[str, dict[str, Membership]] = defaultdict(dict)
        for membership in session.scalars(select(Membership)):
            self.members[membership.project][membership.account] = membership
        made_for = Extract.manifest["gate"]["project"].as_string()
        rows = session.execute(select(Extract.id, Extract.name, Extract.version, Extract.status, made_for))
        self.extracts = {row.id: _Version(*row) for row in rows}
        self.versions: dict[str, list[_Version]] = defaultdict(list)
        for version in sorted(self.extracts.values(), key=lambda one: one.version, reverse=True):
            self.versions[version.name].append(version)
        self.grants: dict[str, dict[int, Grant]] = defaultdict(dict)
        in_force = select(Grant).where(Grant.revoked.is_(None)).order_by(Grant.id)
        for grant in session.scalars(in_force.options(lazyload(Grant.extract))):
            self.grants[grant.project][grant.extract_id] = grant

    def version(self, project: str, reference: str) -> _Version:
        """The version that ``reference`` means in ``project``. Raises `Refusal`.

        A bare name is the newest usable version granted already, so that a project keeps its data,
        else the newest that may be granted to it.
        """
        name, at, number = reference.partition("@")
        if at and not re.fullmatch(r"[1-9][0-9]{0,8}", number):
            raise Refusal(
                "{reference} is not an extract: write NAME or NAME@VERSION, such as rotterdam@1.",
                reference=reference,
            )
        found = [
            one
            for one in self.versions.get(name, ())
            if (one.version == int(number) if at else one.status is ExtractStatus.VERIFIED)
        ]
        if not found:
            raise Refusal(
                "There is no registered extract {reference}. See `carrel extract list`.", reference=reference
            )
        granted = [one for one in found if one.id in self.grants[project]]
        its_own = [one for one in found if one.made_for in (None, project)]
        return (granted or its_own or found)[0]


Progress = Callable[[int, int], None]


def apply(
    session: Session,
    site: Site,
    *,
    passwords: bool = False,
    enrol: bool = False,
    progress: Progress | None = None,
) -> Applied:
    """Change ``session`` to what ``site`` says; the caller commits, or rolls back a dry run.

    With ``passwords`` new accounts get a random one, to be changed at the first sign-in; else nobody can
    sign in until one is set. With ``enrol``, too, they get a second factor and nothing is to be changed,
    so that a program can sign in.
    ``progress`` is told how many of how many passwords are hashed.

    Raises `lined_yaml.FileRefused` at the line of what the registry cannot follow, or `SeveralFaults`.
    """
    applied, faults, known = Applied(), Faults(), _Known(session)
    for name, (_, value) in site.policies.items():
        before = policies.policies(session).get(name)
        if policies.set_policy(session, name, value):
            applied.changes.append(Change("~", "policy", name, None, "value", _shown(before), str(value)))
    new = []
    for account in site.accounts:
        with faults.keep(account.place):
            if _account(session, account, known, applied):
                new.append(account.name)
    for project in site.projects:
        with faults.keep(project.place):
            _project(session, project, known, applied)
    # Rows that point at others come after them.
    session.flush()
    for project in site.projects:
        _members(session, project, known, applied, faults)
        _grants(session, project, known, applied, faults)
    for account in site.accounts:
        with faults.keep(account.place):
            _apart(account, known)
    faults.refuse()
    if passwords and new:
        applied.passwords = {name: random_password() for name in new}
        _sign_ins(session, known, applied, enrol, progress)
    session.flush()
    return applied


def _account(session: Session, wanted: AccountWanted, known: _Known, applied: Applied) -> bool:
    account = known.accounts.get(wanted.name)
    values = {"display_name": wanted.display_name, "status": wanted.status}
    if account is None:
        account = Account(name=wanted.name, **values)
        roles.set_roles(session, account, wanted.roles)
        applied.changes.append(Change("+", "account", wanted.name, after=roles.shown(wanted.roles)))
        known.accounts[wanted.name], known.roles[wanted.name] = account, set(wanted.roles)
        return True
    before = known.roles[wanted.name]
    _change(account, "account", wanted.name, values, applied)
    if roles.set_roles(session, account, wanted.roles):
        shown = roles.shown(before), roles.shown(wanted.roles)
        applied.changes.append(Change("~", "account", wanted.name, None, "roles", *shown))
        known.roles[wanted.name] = set(wanted.roles)
    return False


def _apart(wanted: AccountWanted, known: _Known) -> None:
    # After the projects, so that one file can take the membership and give the role.
    if not roles.works_on_data(wanted.roles):
        for project in sorted(name for name, members in known.members.items() if wanted.name in members):
            raise roles.member_apart(wanted.name, wanted.roles, project)


def _project(session: Session, wanted: ProjectWanted, known: _Known, applied: Applied) -> None:
    project = known.projects.get(wanted.name)
    check_declared(wanted.name, project.status if project else None, wanted.status)
    if project is None:
        known.projects[wanted.name] = project = Project(name=wanted.name, **wanted.values)
        session.add(project)
        applied.changes.append(Change("+", "project", wanted.name, after=wanted.status))
    else:
        _change(project, "project", wanted.name, wanted.values, applied)


def _members(
    session: Session, wanted: ProjectWanted, known: _Known, applied: Applied, faults: Faults
) -> None:
    present = known.members[wanted.name]
    for account in sorted(present.keys() - {account for _, account in wanted.members}):
        session.delete(present.pop(account))
        applied.changes.append(Change("-", "member", account, wanted.name))
    for place, account in wanted.members:
        with faults.keep(place):
            held: set[Role] | None = known.roles.get(account)
            if held is None:
                raise Refusal("There is no account {account}. See `carrel user list`.", account=account)
            if not roles.works_on_data(held):
                raise not_for_members(account, held, wanted.name)
            if account not in present:
                present[account] = Membership(project=wanted.name, account=account)
                session.add(present[account])
                applied.changes.append(Change("+", "member", account, wanted.name))


def _grants(session: Session, wanted: ProjectWanted, known: _Known, applied: Applied, faults: Faults) -> None:
    present = known.grants[wanted.name]
    kept: set[int] = set()
    for grant in wanted.grants:
        with faults.keep(grant.place):
            kept.add(_grant(session, wanted.name, grant, known, applied))
    # A fault above leaves nothing; what only seems to go is not worth a line.
    for id in [id for id in present if id not in kept]:
        present.pop(id).revoked = utc_now()
        applied.changes.append(Change("-", "grant", str(known.extracts[id]), wanted.name))


def _grant(session: Session, project: str, wanted: GrantWanted, known: _Known, applied: Applied) -> int:
    version = known.version(project, wanted.reference)
    grant = known.grants[project].get(version.id)
    if grant is not None:
        if grant.expires != wanted.expires:
            shown = _shown(grant.expires), _shown(wanted.expires)
            applied.changes.append(Change("~", "grant", str(version), project, "expires", *shown))
            grant.expires = wanted.expires
        return version.id
    check_grantable(str(version), version.status, version.made_for, project)
    grant = Grant(project=project, extract_id=version.id, expires=wanted.expires)
    session.add(grant)
    known.grants[project][version.id] = grant
    applied.changes.append(Change("+", "grant", str(version), project))
    return version.id


def _change(row: Any, what: str, name: str, values: dict[str, Any], applied: Applied) -> None:
    for key, value in values.items():
        before = getattr(row, key)
        if before != value:
            setattr(row, key, value)
            applied.changes.append(Change("~", what, name, None, key, _shown(before), _shown(value)))


def _sign_ins(
    session: Session, known: _Known, applied: Applied, enrol: bool, progress: Progress | None
) -> None:
    # Argon2 takes its time on purpose, and lets other threads run meanwhile.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        hashes = threads.map(hash_random_password, applied.passwords.values())
        for done, (name, made) in enumerate(zip(applied.passwords, hashes, strict=True), 1):
            credentials.give_hash(session, known.accounts[name], made, must_change=not enrol)
            if enrol:
                applied.totp[name] = credentials.enrol_new(session, name)
            if progress:
                progress(done, len(applied.passwords))


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
