"""``carrel project``: projects, their members, suspending them, their last day."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import select

from provisioning.command import project_fields
from provisioning.command.answer import Answer, done, fields, table
from provisioning.command.arguments import day_or_never, noun, reading, verb, writing
from provisioning.command.project_end import add_end
from provisioning.registry.access import granted_extracts
from provisioning.registry.lookup import get_project
from provisioning.registry.membership import add_member, remove_member
from provisioning.registry.models import Membership, Project, ProjectStatus
from provisioning.registry.project_status import move
from provisioning.site.file import QUOTAS

PAPERS = ("approval_number", "approval_expires", "agreement_number", "agreement_expires")


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "project", "projects and their members")
    add_end(verbs)
    verb(verbs, "list", _list, "list the projects")
    for name, run, summary in (
        ("show", _show, "show one project, its members and what is mounted"),
        ("suspend", _suspend, "keep everybody out of an active project"),
        ("resume", _resume, "open a draft or suspended project"),
        ("close", _close, "end a project for good; what it left can be archived"),
    ):
        verb(verbs, name, run, summary).add_argument("project", metavar="PROJECT")
    for name, run, summary in (
        ("add-member", _add_member, "make an analyst or engineer a member"),
        ("remove-member", _remove_member, "end a membership"),
    ):
        parser = verb(verbs, name, run, summary)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("account", metavar="ACCOUNT")
    project_fields.add_to(verbs)
    parser = verb(verbs, "expire", _expire, "set a project's last day")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("expires", metavar="DATE", type=day_or_never, help="YYYY-MM-DD, or never")


def _row(project: Project) -> dict[str, Any]:
    names = ("status", "expires", "title_en", "title_zh", *PAPERS, *QUOTAS)
    return {"project": project.name, **{name: getattr(project, name) for name in names}}


def _list(chosen: Namespace) -> Answer:
    with reading() as session:
        rows = [_row(project) for project in session.scalars(select(Project).order_by(Project.name))]
    return table(rows, ("project", "status", "expires", "title_en", "title_zh"))


def _show(chosen: Namespace) -> Answer:
    with reading() as session:
        row = _row(get_project(session, chosen.project))
        members = select(Membership.account).where(Membership.project == chosen.project)
        row["members"] = sorted(session.scalars(members))
        row["extracts"] = [
            f"{extract.name}@{extract.version}" for extract in granted_extracts(session, chosen.project)
        ]
    return fields(row)


def _suspend(chosen: Namespace) -> Answer:
    return _status(chosen.project, ProjectStatus.SUSPENDED)


def _resume(chosen: Namespace) -> Answer:
    return _status(chosen.project, ProjectStatus.ACTIVE)


def _close(chosen: Namespace) -> Answer:
    return _status(chosen.project, ProjectStatus.CLOSED)


def _status(name: str, status: ProjectStatus) -> Answer:
    with writing() as session:
        move(get_project(session, name), status)
    return done(f"project {name} is {status}", project=name, status=status)


def _add_member(chosen: Namespace) -> Answer:
    with writing() as session:
        changed = add_member(session, chosen.project, chosen.account)
    line = f"{chosen.account} is a member of {chosen.project}"
    return done(line, project=chosen.project, account=chosen.account, changed=changed)


def _remove_member(chosen: Namespace) -> Answer:
    with writing() as session:
        changed = remove_member(session, chosen.project, chosen.account)
    line = f"{chosen.account} is not a member of {chosen.project}"
    return done(line, project=chosen.project, account=chosen.account, changed=changed)


def _expire(chosen: Namespace) -> Answer:
    with writing() as session:
        get_project(session, chosen.project).expires = chosen.expires
    last = chosen.expires.isoformat() if chosen.expires else "never"
    return done(f"project {chosen.project} ends: {last}", project=chosen.project, expires=chosen.expires)
