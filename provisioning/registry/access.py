"""Who may work on what: the questions asked at every spawn and by every page of the portal.

The registry is read anew each time; nothing is cached, so that what is revoked is gone at the
next question. What is not positively allowed is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now
from provisioning.registry.models import (
    Account,
    AccountStatus,
    Extract,
    ExtractStatus,
    Grant,
    Membership,
    Project,
    ProjectStatus,
)
from provisioning.registry.policies import policies
from provisioning.registry.roles import works_on_data, works_on_data_clause


class AccessDenied(Refusal):
    """Refused, with a stable ``code`` for programs and a line for people."""

    def __init__(self, code: str, message: str, **values: object) -> None:
        super().__init__(message, **values)
        self.code = code


class Title(NamedTuple):
    """A title in the two languages."""

    en: str
    zh: str

    def text(self, language: str) -> str:
        """The title in ``language`` ('en' or 'zh_CN')."""
        return self.zh if language == "zh_CN" else self.en


@dataclass(frozen=True)
class Quotas:
    """What one engine of a project may use, how many runs may be under way, how much a desk may show."""

    cpu: float
    memory_bytes: int
    pids: int
    gpus: int
    max_runs: int
    max_desks: int
    disk_bytes: int
    """What all workspaces of the project together may hold."""
    display_bytes: int | None = None
    """What one desk may show in a day; None: the software's default. So for cells."""
    display_cells: int | None = None


@dataclass(frozen=True)
class GrantedExtract:
    """An extract to mount read-only at ``/data/<name>``; ``folder`` is below the extracts root."""

    name: str
    version: int
    digest: str
    folder: str
    title: Title


@dataclass(frozen=True)
class DeskAccess:
    """All that a desk or a run of one account in one project may have."""

    account: str
    project: str
    quotas: Quotas
    extracts: tuple[GrantedExtract, ...]


def desk_access(
    session: Session, account_name: str, project_name: str, now: datetime | None = None
) -> DeskAccess:
    """What ``account_name`` may have in ``project_name`` at ``now`` (aware; default: this moment).

    Raises `AccessDenied` with code unknown_account, account_suspended, not_a_member (also where
    the project does not exist: a name tells nothing), project_not_active, project_expired,
    approval_expired or agreement_expired.
    """
    account = session.get(Account, account_name)
    if account is None:
        raise AccessDenied(
            "unknown_account",
            "There is no account {account}. Ask an administrator to create it.",
            account=account_name,
        )
    if account.status is not AccountStatus.ACTIVE:
        raise AccessDenied(
            "account_suspended",
            "The account {account} is suspended. Ask an administrator to resume it.",
            account=account_name,
        )
    project = session.get(Project, project_name)
    membership = session.get(Membership, (project_name, account_name))
    if project is None or membership is None or not works_on_data(set(account.roles)):
        raise AccessDenied(
            "not_a_member",
            "You are not a member of a project {project}. Ask an administrator to add you.",
            project=project_name,
        )
    refusal = project_refusal(project, now)
    if refusal is not None:
        raise refusal
    return DeskAccess(
        account_name, project_name, quotas(session, project), granted_extracts(session, project_name, now)
    )


def project_refusal(project: Project, now: datetime | None = None) -> AccessDenied | None:
    """Why nobody may work in ``project`` at ``now``, or None where its members may."""
    closed = {
        ProjectStatus.DRAFT: "The project {project} is not open yet. Ask an administrator to open it.",
        ProjectStatus.SUSPENDED: "The project {project} is suspended. Ask an administrator to resume it.",
        ProjectStatus.CLOSED: "The project {project} is closed. Ask an administrator for a new project.",
        ProjectStatus.ARCHIVED: "The project {project} is archived. Ask an administrator for what it left.",
        ProjectStatus.DELETED: "The project {project} was deleted. Ask an administrator for a new project.",
    }
    if project.status is not ProjectStatus.ACTIVE:
        return AccessDenied("project_not_active", closed[project.status], project=project.name)
    if project.expires is not None and project.expires < _today(now):
        return AccessDenied(
            "project_expired",
            "The project {project} ended on {date}. Ask an administrator to extend it.",
            project=project.name,
            date=project.expires.isoformat(),
        )
    if project.approval_expires is not None and project.approval_expires < _today(now):
        return AccessDenied(
            "approval_expired",
            "The approval that the project {project} rests on ended on {date}. Ask an administrator to "
            "enter the new one.",
            project=project.name,
            date=project.approval_expires.isoformat(),
        )
    if project.agreement_expires is not None and project.agreement_expires < _today(now):
        return AccessDenied(
            "agreement_expired",
            "The agreement that the project {project} rests on ended on {date}. Ask an administrator to "
            "enter the new one.",
            project=project.name,
            date=project.agreement_expires.isoformat(),
        )
    return None


def projects_of(session: Session, account_name: str) -> tuple[Project, ...]:
    """The projects of which an active analyst or engineer is a member, by name, whatever their status."""
    query = (
        select(Project)
        .join(Membership, Membership.project == Project.name)
        .join(Account, Account.name == Membership.account)
        .where(
            Account.name == account_name,
            Account.status == AccountStatus.ACTIVE,
            works_on_data_clause(),
        )
        .order_by(Project.name)
    )
    return tuple(session.scalars(query))


def granted_extracts(
    session: Session, project_name: str, now: datetime | None = None
) -> tuple[GrantedExtract, ...]:
    """What is mounted in ``project_name``: granted, unexpired, unrevoked and not withdrawn, by name.

    Where several versions of an extract are granted, the newest is the one.
    """
    query = (
        select(Extract)
        .join(Grant, Grant.extract_id == Extract.id)
        .where(*_in_force(project_name, now))
        .order_by(Extract.name, Extract.version)
    )
    newest = {extract.name: extract for extract in session.scalars(query)}
    return tuple(
        GrantedExtract(
            extract.name,
            extract.version,
            extract.digest,
            extract.folder,
            Title(extract.title_en, extract.title_zh),
        )
        for extract in newest.values()
    )


def extracts_in_force(
    session: Session, project_name: str, now: datetime | None = None
) -> frozenset[tuple[str, str]]:
    """Name and digest of every extract version that may be mounted in ``project_name``, not the newest alone.

    A desk that runs keeps the version it has while that one's grant is in force.
    """
    query = select(Extract.name, Extract.digest).join(Grant, Grant.extract_id == Extract.id)
    return frozenset(
        (name, digest) for name, digest in session.execute(query.where(*_in_force(project_name, now)))
    )


def _in_force(project_name: str, now: datetime | None) -> tuple[ColumnElement[bool], ...]:
    return (
        Grant.project == project_name,
        Grant.revoked.is_(None),
        or_(Grant.expires.is_(None), Grant.expires >= _today(now)),
        Extract.status == ExtractStatus.VERIFIED,
    )


def quotas(session: Session, project: Project) -> Quotas:
    """The quotas of ``project``, or the site's policy, as a value that outlives the session."""
    site = policies(session)
    return Quotas(
        project.cpu,
        project.memory_bytes,
        project.pids,
        project.gpus,
        project.max_runs,
        project.max_desks,
        project.disk_bytes,
        project.display_bytes or site.get("display_bytes"),
        project.display_cells or site.get("display_cells"),
    )


def _today(now: datetime | None) -> date:
    # Dates are the site's: the process's own time zone (TZ), as people read them.
    return (now or utc_now()).astimezone().date()
