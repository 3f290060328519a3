"""Deleting a project's files, keys and members, and the certificate that says so.

What will be deleted is counted and written down first, as the intent. From then on every step can be done
again: a run that finds an intent finishes that deletion, whatever was done of it. The registry keeps the
project's row, so that its name is never given again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from export_guard.airlock.store import Store
from export_guard.contents import descriptors
from provisioning.audit import trail
from provisioning.disks import client
from provisioning.disks.disk import Disk
from provisioning.disks.mounting import DiskError
from provisioning.disks.unmounted import refuse_unmounted
from provisioning.gate.keys import key_path
from provisioning.lifecycle import tree
from provisioning.lifecycle.intent import certificate_path, certificates_root, intent_path
from provisioning.lifecycle.rights import cannot
from provisioning.lifecycle.standing import check_nothing_stands
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.lookup import get_project
from provisioning.registry.models import (
    AuditRecord,
    Extract,
    ExtractStatus,
    Grant,
    Membership,
    Project,
    ProjectStatus,
    ReleaseFile,
    ReleaseRequest,
    ReleaseStatus,
)
from provisioning.registry.project_status import move
from provisioning.settings import data_root, keys_root

SCHEMA = "carrel-deletion-certificate/1"
FOLDERS = ("workspaces", "desks", "runs")
"""Below the data folder, each with a folder for every project."""
LONGEST_REASON = 500
"""Characters."""
_ENDED = {ReleaseStatus.REJECTED, ReleaseStatus.EXPIRED, ReleaseStatus.WITHDRAWN}

Document = dict[str, Any]


def delete_project(
    engine: Engine, project: str, *, actor: str, without_archive: str | None = None, extracts: bool = False
) -> Document:
    """Delete what is left of ``project``; returns the certificate. Twice is once.

    ``without_archive`` is the reason why a closed project needs no archive; ``extracts`` deletes those
    that no other project has a grant of, too. A deletion that was begun goes on as it was begun.

    Raises `Refusal`: a project that is not archived, or whose desk or run still stands; files that may
    not be read or removed. What cannot be removed after all is removed by the next run.
    """
    with database.sessions(engine)() as session:
        get_project(session, project)
    try:
        certificates_root().mkdir(mode=0o750, exist_ok=True)
        with _alone():
            if not intent_path(project).exists():
                refuse_unmounted(data_root(), project)
                done = _certificate(engine, project)
                if done is not None:
                    return done
                begun = _intend(engine, project, actor, without_archive, extracts)
                tree.write_whole(intent_path(project), _json(begun), 0o400)
            return _finish(engine, project, json.loads(intent_path(project).read_bytes()))
    except OSError as error:
        raise cannot(error, project) from error


@contextmanager
def _alone() -> Iterator[None]:
    descriptor = os.open(certificates_root(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for name in os.listdir(descriptor):
            if name.startswith(descriptors.TEMPORARY):  # a killed run's, half-written
                tree.remove(descriptor, name)
        yield
    finally:
        os.close(descriptor)


def _certificate(engine: Engine, project: str) -> Document | None:
    with database.sessions(engine)() as session:
        if get_project(session, project).status is not ProjectStatus.DELETED:
            return None
    document: Document = json.loads(certificate_path(project).read_bytes())
    return document


def _intend(
    engine: Engine, project: str, actor: str, without_archive: str | None, extracts: bool
) -> Document:
    with database.sessions(engine)() as session:
        row = get_project(session, project)
        _check(row, without_archive)
        asked = check_nothing_stands(session, project)
        bagged = session.scalars(
            select(AuditRecord)
            .where(AuditRecord.project == project, AuditRecord.kind == "project-archived")
            .order_by(AuditRecord.number.desc())
            .limit(1)
        ).first()
        return {
            "schema": SCHEMA,
            "id": uuid4().hex,
            "project": project,
            "title": {"en": row.title_en, "zh": row.title_zh},
            "begun": utc_now().isoformat(),
            "by": actor,
            "without_archive": without_archive,
            "archive": {"tagmanifest_sha256": bagged.detail.get("what")} if bagged else None,
            "docker_asked": asked,
            "members": sorted(
                session.scalars(select(Membership.account).where(Membership.project == project))
            ),
            "folders": {name: _measured(name, project) for name in FOLDERS},
            "store": _only_here(session, project),
            "extracts": _extracts_only_here(session, project) if extracts else [],
            "keys": _keys(project),
        }


def _check(project: Project, without_archive: str | None) -> None:
    if project.status is ProjectStatus.ARCHIVED:
        return
    if project.status is not ProjectStatus.CLOSED:
        raise Refusal(
            "The project {project} is {status}: only an archived project can be deleted. "
            "Close and archive it first.",
            project=project.name,
            status=project.status,
        )
    if without_archive is None:
        raise Refusal(
            "The project {project} is not archived. Archive it first, or say with --without-archive why not.",
            project=project.name,
        )
    reason = without_archive.strip()
    if not reason or len(reason) > LONGEST_REASON or not reason.isprintable():
        raise Refusal(
            "--without-archive: must be a plain text of 1 to {limit} characters.", limit=LONGEST_REASON
        )


def _measured(*parts: str) -> Document:
    """Files, bytes and the digest of a folder's files; raises PermissionError where it could not be removed.

    The digest is the SHA-256 over a line a file, ``<SHA-256 of it>  <path>``, by the bytes of its path.
    """
    digest, files, size, others = hashlib.sha256(), 0, 0, 0
    with tree.opened(data_root(), *parts) as folder:
        for found in tree.walk(folder) if folder is not None else ():
            if found.left_out:
                others += found.left_out != tree.EMPTY
                continue
            content = hashlib.sha256()
            for chunk in tree.chunks(found.descriptor):
                content.update(chunk)
                size += len(chunk)
            files += 1
            digest.update(f"{content.hexdigest()}  ".encode() + os.fsencode("/".join(found.parts)) + b"\n")
    with tree.opened(data_root(), *parts[:-1]) as above:
        if folder is not None and above is not None and not os.access(f"/proc/self/fd/{above}", os.W_OK):
            raise PermissionError(13, os.strerror(13), "/".join(parts[:-1]))
    return {"files": files, "others": others, "bytes": size, "sha256": digest.hexdigest()}


def _only_here(session: Session, project: str) -> list[Document]:
    """What the airlock's store has and only this project's requests name."""
    store = Store(data_root() / "airlock")
    mine = select(ReleaseFile.sha256).join(ReleaseRequest).where(ReleaseRequest.project == project)
    wanted = sorted(set(session.scalars(mine)) - _named_elsewhere(session, project))
    sizes = ((digest, store.size(digest)) for digest in wanted)
    return [{"sha256": digest, "bytes": size} for digest, size in sizes if size is not None]


def _named_elsewhere(session: Session, project: str) -> set[str]:
    return set(
        session.scalars(
            select(ReleaseFile.sha256)
            .join(ReleaseRequest)
            .where(
                ReleaseRequest.project != project,
                ReleaseFile.sha256.in_(
                    select(ReleaseFile.sha256).join(ReleaseRequest).where(ReleaseRequest.project == project)
                ),
            )
        )
    )


def _extracts_only_here(session: Session, project: str) -> list[Document]:
    mine = select(Grant.extract_id).where(Grant.project == project)
    found = session.scalars(select(Extract).where(Extract.id.in_(mine)).order_by(Extract.id))
    return [
        {
            "id": extract.id,
            "extract": f"{extract.name}@{extract.version}",
            "digest": extract.digest,
            "folder": extract.folder,
            **_measured("extracts", *extract.folder.split("/")),
        }
        for extract in found
        if not _granted_elsewhere(session, project, extract.id)
    ]


def _granted_elsewhere(session: Session, project: str, extract: int) -> bool:
    other = select(Grant.id).where(
        Grant.extract_id == extract, Grant.project != project, Grant.revoked.is_(None)
    )
    return session.scalar(other.limit(1)) is not None


def _keys(project: str) -> list[str]:
    """The project's keys, below the keys' folder: with them go its pseudonyms (cryptographic erasure)."""
    path = key_path(project)
    return [str(path.relative_to(keys_root()))] if os.path.lexists(path) else []


def _finish(engine: Engine, project: str, begun: Document) -> Document:
    withdrawn = _withdraw(engine, project, begun["extracts"])
    _remove_disk(project)
    for name in FOLDERS:
        _remove(name, project)
    for extract in withdrawn:
        _remove("extracts", *extract["folder"].split("/"))
    stored = _empty_store(engine, project, begun["store"])
    for name in begun["keys"]:
        _erase_key(name)
    _tombstone(engine, project, begun, withdrawn)
    document = {
        **begun,
        "store": stored,
        "extracts": withdrawn,
        "finished": utc_now().isoformat(),
    }
    if certificate_path(project).exists():  # killed between the certificate and the last step
        document = json.loads(certificate_path(project).read_bytes())
    else:
        tree.write_whole(certificate_path(project), _json(document), 0o440)
    intent_path(project).unlink()
    tree.sync(certificates_root())
    return document


def _withdraw(engine: Engine, project: str, extracts: list[Document]) -> list[Document]:
    """Withdraw first, so that nothing is mounted or granted whose folder goes."""
    with database.writing(engine) as session:
        kept = [each for each in extracts if not _granted_elsewhere(session, project, each["id"])]
        for each in kept:
            session.get_one(Extract, each["id"]).status = ExtractStatus.WITHDRAWN
    return kept


def _remove_disk(project: str) -> None:
    """The disk that workspaces and runs are on; the folders that it was mounted at go with it."""
    if not Disk(data_root(), project).image.exists():
        return
    process = client.socket_path()
    if process is None:
        raise Refusal(
            "The disk of the project {project} can only be deleted from the host: "
            "`sudo python3 -m provisioning.host carrel project delete {project}`.",
            project=project,
        )
    try:
        client.remove(process, project)
    except DiskError as error:
        raise Refusal(
            "The disk of the project {project} is not deleted yet: {reason}", project=project, reason=error
        ) from error


def _remove(*parts: str) -> None:
    with tree.opened(data_root(), *parts[:-1]) as above:
        if above is not None:
            tree.remove(above, parts[-1])
            os.fsync(above)


def _empty_store(engine: Engine, project: str, stored: list[Document]) -> list[Document]:
    """Remove what is still named by this project alone, with SQLite's write lock held meanwhile."""
    store = Store(data_root() / "airlock")
    with database.writing(engine) as session:
        elsewhere = _named_elsewhere(session, project)
        gone = [each for each in stored if each["sha256"] not in elsewhere]
        for each in gone:
            with suppress(FileNotFoundError):
                store.path(each["sha256"]).unlink()
    return gone


def _erase_key(name: str) -> None:
    folder, _, key = name.rpartition("/")
    with tree.opened(keys_root(), *folder.split("/")) as opened:
        if opened is not None:
            tree.remove(opened, key)
            os.fsync(opened)


def _tombstone(engine: Engine, project: str, begun: Document, deleted: list[Document]) -> None:
    with database.writing(engine) as session:
        session.execute(delete(Membership).where(Membership.project == project))
        for grant in session.scalars(select(Grant).where(Grant.project == project, Grant.revoked.is_(None))):
            grant.revoked = utc_now()
        for request in session.scalars(select(ReleaseRequest).where(ReleaseRequest.project == project)):
            if request.status not in _ENDED:
                released = request.status is ReleaseStatus.RELEASED
                request.status = ReleaseStatus.EXPIRED if released else ReleaseStatus.WITHDRAWN
        if move(get_project(session, project), ProjectStatus.DELETED):
            for extract in deleted:
                who = {"source": "command", "user": begun["by"], "extract": extract["extract"]}
                trail.record(session, "extract-deleted", **who, detail={"digest": extract["digest"]})
            measured = begun["folders"].values()
            trail.record(
                session,
                "project-deleted",
                id=begun["id"],
                source="command",
                user=begun["by"],
                project=project,
                detail={
                    "count": sum(each["files"] for each in measured),
                    "size": sum(each["bytes"] for each in measured),
                    "reason": "without-archive" if begun["without_archive"] else "archived",
                },
            )


def _json(document: Document) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
