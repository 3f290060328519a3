"""A closed project's archive: one read-only BagIt bag of what people made and what was recorded of it.

The bag is written under a temporary name beside its place, flushed to the disk and then renamed: it is
there whole or not at all. Who was killed meanwhile runs the command again.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, select
from sqlalchemy.orm import Session

from export_guard.airlock.store import Store
from export_guard.contents import descriptors
from provisioning.audit import trail
from provisioning.disks.unmounted import refuse_unmounted
from provisioning.lifecycle import bag, tree
from provisioning.lifecycle.audit_extract import audit_extract
from provisioning.lifecycle.intent import intent_path
from provisioning.lifecycle.rights import cannot
from provisioning.lifecycle.standing import check_nothing_stands
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.lookup import get_project
from provisioning.registry.models import (
    Grant,
    Membership,
    Project,
    ProjectStatus,
    ReleaseRequest,
    ReleaseStatus,
    Run,
)
from provisioning.registry.project_status import move
from provisioning.settings import data_root

FOLDERS = ("workspaces", "runs")
"""Below the data folder, each with a folder for every project."""
LET_OUT = (ReleaseStatus.RELEASED, ReleaseStatus.EXPIRED)
NOT_STORED = "not-in-the-store"
_HALF = ".half-"


@dataclass(frozen=True)
class Archived:
    """Where the bag is; the SHA-256 of its tag manifest, which names it; files and bytes of its payload."""

    folder: Path
    digest: str
    files: int
    size: int
    left_out: int
    """Names that are not in the bag: ``data/left-out.jsonl`` lists them."""
    docker_asked: bool
    """Whether it was seen that no desk of the project stands."""


def archive(engine: Engine, project: str, to: Path, actor: str) -> Archived:
    """Put the closed ``project`` into the bag ``to/<project>``; it is archived from then on.

    A whole bag of this project that is there already is checked and kept.

    Raises `Refusal`: a project that is not closed or archived, that still has a desk or run or is being
    deleted; a place inside the data folder, that is not there or full or holds something else; files
    that may not be read.
    """
    with database.sessions(engine)() as session:
        _check(get_project(session, project))
        asked = check_nothing_stands(session, project)
    refuse_unmounted(data_root(), project)
    folder = to / project
    with _alone(to, project):
        if not os.path.lexists(folder):
            try:
                _write(engine, project, to, folder)
            except OSError as error:
                raise _failed(error, project, to) from error
        digest, info = _checked(folder, project)
    size, _, files = info["Payload-Oxum"].partition(".")
    made = Archived(folder, digest, int(files), int(size), int(info["Carrel-Left-Out"]), asked)
    with database.writing(engine) as session:
        _check(get_project(session, project))
        if move(get_project(session, project), ProjectStatus.ARCHIVED):
            detail = {"what": digest, "count": made.files, "size": made.size}
            trail.record(
                session, "project-archived", source="command", user=actor, project=project, detail=detail
            )
    return made


def _check(project: Project) -> None:
    if intent_path(project.name).exists():
        raise Refusal(
            "The project {project} is being deleted. Finish it with `carrel project delete {project}`.",
            project=project.name,
        )
    if project.status not in (ProjectStatus.CLOSED, ProjectStatus.ARCHIVED):
        raise Refusal(
            "The project {project} is {status}: only a closed project can be archived. Close it first.",
            project=project.name,
            status=project.status,
        )


@contextmanager
def _alone(to: Path, project: str) -> Iterator[None]:
    """Hold the folder for this project, and remove what a killed run left there."""
    if not to.is_dir() or to.resolve().is_relative_to(data_root().resolve()):
        raise Refusal(
            "{folder} is no place for an archive: name a folder that is there and outside the data folder.",
            folder=to,
        )
    descriptor = os.open(to, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for name in os.listdir(descriptor):
            if name.startswith(f".{project}{_HALF}"):
                tree.remove(descriptor, name)
        yield
    except PermissionError as error:
        raise cannot(error, project) from error
    finally:
        os.close(descriptor)


def _checked(folder: Path, project: str) -> tuple[str, dict[str, str]]:
    try:
        digest, info = bag.check(folder)
        if info.get("External-Identifier") == project and {"Payload-Oxum", "Carrel-Left-Out"} <= info.keys():
            return digest, info
        what = bag.INFO
    except (bag.BagDamaged, ValueError) as damaged:
        what = str(damaged)
    raise Refusal(
        "{folder} is there and is no whole archive of the project {project} (see {what}). "
        "Move it away, or name another folder.",
        folder=folder,
        project=project,
        what=what,
    )


def _failed(error: OSError, project: str, to: Path) -> Refusal:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refusal(
            "There is no room for the archive in {folder}. Make room, or name another folder.", folder=to
        )
    return cannot(error, project)


def _write(engine: Engine, project: str, to: Path, folder: Path) -> None:
    half = to / f".{project}{_HALF}{descriptors.temporary_name().rpartition('-')[2]}"
    half.mkdir(mode=0o700)
    try:
        writer = bag.Writer(half)
        for name in FOLDERS:
            with tree.opened(data_root(), name, project) as opened:
                for found in tree.walk(opened) if opened is not None else ():
                    if found.left_out:
                        writer.leave_out((name, *found.parts), found.left_out)
                    else:
                        writer.add((name, *found.parts), tree.chunks(found.descriptor))
        with database.sessions(engine)() as session:
            row = get_project(session, project)
            _records(session, row, writer)
            info = _info(row, len(writer.left_out))
        writer.add(("left-out.jsonl",), _lines(writer.left_out))
        writer.add(("renamed.jsonl",), _lines(writer.renamed))
        writer.finish(info)
        with database.sessions(engine)() as session:  # a deletion may have begun meanwhile
            _check(get_project(session, project))
        os.rename(half, folder)
        tree.sync(to)
    except BaseException:
        with tree.opened(to) as opened:
            if opened is not None:
                tree.remove(opened, half.name)
        raise


def _records(session: Session, project: Project, writer: bag.Writer) -> None:
    """What the registry, the trail and the airlock's store hold of the project."""
    name = project.name
    asked = session.scalars(
        select(ReleaseRequest).where(ReleaseRequest.project == name).order_by(ReleaseRequest.number)
    ).all()
    store = Store(data_root() / "airlock")
    let_out = {file.sha256 for request in asked if request.status in LET_OUT for file in request.files}
    for digest in sorted(let_out):
        try:
            with store.open(digest) as file:
                writer.add(("released", digest), tree.chunks(file.fileno()))
        except FileNotFoundError:
            writer.leave_out(("released", digest), NOT_STORED)
    members = session.scalars(select(Membership).where(Membership.project == name)).all()
    grants = session.scalars(select(Grant).where(Grant.project == name).order_by(Grant.id)).all()
    facts = {
        "project": _row(project),
        "members": [_row(member) for member in members],
        "grants": [
            {
                **_row(grant),
                "extract": f"{grant.extract.name}@{grant.extract.version}",
                "digest": grant.extract.digest,
            }
            for grant in grants
        ],
    }
    content = json.dumps(facts, ensure_ascii=False, indent=1, default=_plain) + "\n"
    writer.add(("project.json",), [content.encode()])
    runs = session.scalars(select(Run).where(Run.project == name).order_by(Run.created, Run.id)).all()
    writer.add(
        ("run-records.jsonl",),
        _lines(
            {**_row(run), "template": run.template.name, "template_version": run.template.version}
            for run in runs
        ),
    )
    writer.add(
        ("release-requests.jsonl",),
        _lines({**_row(request), "files": [_row(file) for file in request.files]} for request in asked),
    )
    writer.add(("audit-extract.jsonl",), _lines(audit_extract(session, name)))


def _info(project: Project, left_out: int) -> dict[str, str]:
    return {
        "Bagging-Date": utc_now().date().isoformat(),
        "Bag-Software-Agent": "Carrel",
        "External-Identifier": project.name,
        "External-Description": f"{project.title_en} / {project.title_zh}",
        "Carrel-Project-Created": project.created.isoformat(),
        "Carrel-Project-Expires": project.expires.isoformat() if project.expires else "never",
        "Carrel-Left-Out": str(left_out),
    }


def _lines(rows: Iterable[dict[str, Any]] | Sequence[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield (json.dumps(row, ensure_ascii=False, default=_plain) + "\n").encode()


def _row(row: object) -> dict[str, Any]:
    """All columns of a registry row."""
    return {column.key: getattr(row, column.key) for column in inspect(type(row)).column_attrs}  # type: ignore[union-attr]


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))
