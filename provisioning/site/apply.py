"""Make the registry what a site file declares, in one transaction; or say what would change.

What the file names is made so, including who is a member and what is granted. What it does not name
(other accounts, other projects) stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.accounts import credentials
from provisioning.refusal import Refusal
from provisioning.registry.grants import add_grant, grant_in_force, revoke_grants
from provisioning.registry.lookup import get_extract
from provisioning.registry.membership import add_member, remove_member
from provisioning.registry.models import (
    MEMBER_ROLES,
    Account,
    Extract,
    ExtractStatus,
    Grant,
    Membership,
    Project,
)
from provisioning.registry.passwords import random_password
from provisioning.site.file import AccountWanted, Place, ProjectWanted, Site


@dataclass
class Applied:
    """What changed, a line each, and the passwords (and one-time-code secrets) of new accounts."""

    changes: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=dict)
    totp: dict[str, str] = field(default_factory=dict)


def apply(session: Session, site: Site, *, passwords: bool = False, enrol: bool = False) -> Applied:
    """Change ``session`` to what ``site`` says; the caller commits, or rolls back a dry run.

    With ``passwords`` new accounts get a random one, to be changed at the first sign-in; else nobody can
    sign in until one is set. With ``enrol``, too, they get a second factor and nothing is to be changed,
    so that a program can sign in.

    Raises `lined_yaml.FileRefused` at the line of what the registry cannot follow.
    """
    applied = Applied()
    for account in site.accounts:
        _account(session, account, applied, passwords, enrol)
    for project in site.projects:
        _project(session, project, applied)
    for account in site.accounts:
        _role_without_data(session, account)
    session.flush()
    return applied


def _account(session: Session, wanted: AccountWanted, applied: Applied, passwords: bool, enrol: bool) -> None:
    account = session.get(Account, wanted.name)
    values = {"display_name": wanted.display_name, "role": wanted.role, "status": wanted.status}
    if account is None:
        account = Account(name=wanted.name, **values)
        session.add(account)
        session.flush()
        if passwords:
            applied.passwords[wanted.name] = password = random_password()
            credentials.give_password(session, account, password, must_change=not enrol)
            if enrol:
                applied.totp[wanted.name] = credentials.enrol_new(session, wanted.name)
        applied.changes.append(f"+ account {wanted.name} ({wanted.role})")
        return
    _change(account, f"account {wanted.name}", values, applied)


def _role_without_data(session: Session, wanted: AccountWanted) -> None:
    # After the projects, so that one file can take the membership and give the role.
    if wanted.role not in MEMBER_ROLES:
        member_of = session.scalars(select(Membership.project).where(Membership.account == wanted.name))
        for project in sorted(member_of):
            raise wanted.place.refuse(
                Refusal(
                    "{account} cannot get the role {role} while a member of {project}: remove the member.",
                    account=wanted.name,
                    role=wanted.role,
                    project=project,
                )
            )


def _project(session: Session, wanted: ProjectWanted, applied: Applied) -> None:
    project = session.get(Project, wanted.name)
    values = {
        "title_en": wanted.title["en"],
        "title_zh": wanted.title["zh"],
        "status": wanted.status,
        "expires": wanted.expires,
        **wanted.quotas,
    }
    if project is None:
        session.add(Project(name=wanted.name, **values))
        session.flush()
        applied.changes.append(f"+ project {wanted.name} ({wanted.status})")
    else:
        _change(project, f"project {wanted.name}", values, applied)
    _members(session, wanted, applied)
    _extracts(session, wanted, applied)


def _members(session: Session, wanted: ProjectWanted, applied: Applied) -> None:
    present = set(session.scalars(select(Membership.account).where(Membership.project == wanted.name)))
    named = {account for _, account in wanted.members}
    for account in sorted(present - named):
        remove_member(session, wanted.name, account)
        applied.changes.append(f"- member {account} of {wanted.name}")
    for place, account in wanted.members:
        with _at(place):
            if add_member(session, wanted.name, account):
                applied.changes.append(f"+ member {account} of {wanted.name}")


def _extracts(session: Session, wanted: ProjectWanted, applied: Applied) -> None:
    kept: set[int] = set()
    for place, reference in wanted.extracts:
        with _at(place):
            extract = _granted_version(session, wanted.name, reference) or get_extract(session, reference)
            kept.add(extract.id)
            if grant_in_force(session, wanted.name, extract) is None:
                add_grant(session, wanted.name, f"{extract.name}@{extract.version}")
                applied.changes.append(f"+ grant {extract.name}@{extract.version} to {wanted.name}")
    query = (
        select(Extract)
        .join(Grant, Grant.extract_id == Extract.id)
        .where(Grant.project == wanted.name, Grant.revoked.is_(None))
    )
    for extract in session.scalars(query).all():
        if extract.id not in kept:
            revoke_grants(session, wanted.name, f"{extract.name}@{extract.version}")
            applied.changes.append(f"- grant {extract.name}@{extract.version} to {wanted.name}")


def _granted_version(session: Session, project: str, reference: str) -> Extract | None:
    """For a bare name: the newest usable version granted already, so that a project keeps its data."""
    if "@" in reference:
        return None
    query = (
        select(Extract)
        .join(Grant, Grant.extract_id == Extract.id)
        .where(
            Grant.project == project,
            Grant.revoked.is_(None),
            Extract.name == reference,
            Extract.status == ExtractStatus.VERIFIED,
        )
        .order_by(Extract.version.desc())
    )
    return session.scalars(query).first()


def _change(row: object, label: str, values: Mapping[str, object], applied: Applied) -> None:
    for key, value in values.items():
        before = getattr(row, key)
        if before != value:
            setattr(row, key, value)
            applied.changes.append(f"~ {label}: {key} {_shown(before)} -> {_shown(value)}")


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


@contextmanager
def _at(place: Place) -> Iterator[None]:
    try:
        yield
    except Refusal as refusal:
        raise place.refuse(refusal) from refusal
