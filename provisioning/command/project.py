"""``carrel project``: projects, their members, suspending them, their last day and their end."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import select

from provisioning.command.answer import Answer, done, fields, table
from provisioning.command.arguments import day_or_never, noun, opened, reading, verb, writing
from provisioning.lifecycle.actor import actor
from provisioning.lifecycle.archive import archive
from provisioning.lifecycle.deletion import delete_project
from provisioning.lifecycle.intent import certificate_path
from provisioning.refusal import Refusal
from provisioning.registry.access import granted_extracts
from provisioning.registry.lookup import get_project
from provisioning.registry.membership import add_member, remove_member
from provisioning.registry.models import Membership, Project, ProjectStatus


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "project", "projects and their members")
    verb(verbs, "list", _list, "list the projects")
    for name, run, summary in (
        ("show", _show, "show one project, its members and what is mounted"),
        ("suspend", _suspend, "keep everybody out of an active project"),
        ("resume", _resume, "open a draft or suspended project"),
    ):
        verb(verbs, name, run, summary).add_argument("project", metavar="PROJECT")
    for name, run, summary in (
        ("add-member", _add_member, "make an analyst or engineer a member"),
        ("remove-member", _remove_member, "end a membership"),
    ):
        parser = verb(verbs, name, run, summary)
        parser.add_argument("project", metavar="PROJECT")
        parser.add_argument("account", metavar="ACCOUNT")
    parser = verb(verbs, "archive", _archive, "put a closed project into a read-only BagIt bag")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where the bag is made")
    parser = verb(verbs, "delete", _delete, "delete an archived project for good; a certificate stays")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--confirm", metavar="PROJECT", required=True, help="the project's name once more")
    parser.add_argument("--without-archive", metavar="REASON", help="why a closed project needs no archive")
    parser.add_argument(
        "--extracts", action="store_true", help="delete the extracts that no other project has a grant of too"
    )
    parser = verb(verbs, "expire", _expire, "set a project's last day")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("expires", metavar="DATE", type=day_or_never, help="YYYY-MM-DD, or never")


def _row(project: Project) -> dict[str, Any]:
    names = ("status", "expires", "title_en", "title_zh", "cpu", "memory_bytes", "pids", "gpus", "max_runs")
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
    return _status(chosen.project, ProjectStatus.SUSPENDED, (ProjectStatus.ACTIVE,))


def _resume(chosen: Namespace) -> Answer:
    return _status(chosen.project, ProjectStatus.ACTIVE, (ProjectStatus.DRAFT, ProjectStatus.SUSPENDED))


def _status(name: str, status: ProjectStatus, allowed: tuple[ProjectStatus, ...]) -> Answer:
    with writing() as session:
        project = get_project(session, name)
        if project.status not in (status, *allowed):
            raise Refusal(
                "The project {project} is {status}, so this cannot be done with it.",
                project=name,
                status=project.status,
            )
        project.status = status
    return done(f"project {name} is {status}", project=name, status=status)


def _archive(chosen: Namespace) -> Answer:
    with opened() as registry:
        made = archive(registry, chosen.project, chosen.to, actor())
    line = f"project {chosen.project} is archived: {made.folder}, {made.files} files, {made.size} bytes"
    lines = [line, f"left out: {made.left_out}, listed in data/left-out.jsonl"]
    data = {**asdict(made), "folder": str(made.folder), "project": chosen.project}
    return Answer(data, [*lines, *_unseen(made.docker_asked)])


def _delete(chosen: Namespace) -> Answer:
    if chosen.confirm != chosen.project:
        raise Refusal("--confirm must be the project's name, {project}.", project=chosen.project)
    with opened() as registry:
        made = delete_project(
            registry,
            chosen.project,
            actor=actor(),
            without_archive=chosen.without_archive,
            extracts=chosen.extracts,
        )
    lines = [f"project {chosen.project} is deleted; the certificate: {certificate_path(chosen.project)}"]
    if not made["keys"]:
        lines.append("no key of the project was found")
    return Answer(made, [*lines, *_unseen(made["docker_asked"])])


def _unseen(docker_asked: bool) -> list[str]:
    if docker_asked:
        return []
    return ["Docker could not be asked from here whether a desk stood; the portal ends those within seconds"]


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
