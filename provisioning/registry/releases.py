"""Release requests in the registry: making a draft, and which there are.

draft → submitted → checked → in review → approved | returned | rejected → released → expired,
and withdrawn. Only the first step is made here; the airlock takes it on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry import events
from provisioning.registry.access import desk_access
from provisioning.registry.models import Project, ReleaseFile, ReleaseRequest, ReleaseStatus

GIB = 1024**3
MOST_FILES = 100
LONGEST_PATH = 1000
LONGEST_PURPOSE = 2000
LONGEST_RECIPIENT = 200
"""The three in characters."""
MOST_DRAFTS = 20
"""Drafts that one person may have open in one project."""
DRAFT_BYTES = 5 * GIB
"""What all drafts of one project may hold."""

# Control characters, half surrogate pairs, and what makes a line read in another order than it is.
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class ReleaseRefused(Refusal):
    """A request that cannot be made; ``status`` is the HTTP status that says the same."""

    def __init__(self, status: int, message: str, **values: object) -> None:
        super().__init__(message, **values)
        self.status = status


@dataclass(frozen=True)
class Asked:
    """A file that somebody asks for: its path as they saw it, and what the store has of it."""

    path: str
    sha256: str
    bytes: int


def room(session: Session, *, project: str, account: str, size: int = 0) -> None:
    """Raises `AccessDenied` unless ``account`` may work in ``project``, `ReleaseRefused` without room."""
    desk_access(session, account, project)
    draft = (ReleaseRequest.project == project, ReleaseRequest.status == ReleaseStatus.DRAFT)
    mine = select(func.count()).select_from(ReleaseRequest).where(*draft)
    mine = mine.where(ReleaseRequest.requested_by == account)
    if (session.scalar(mine) or 0) >= MOST_DRAFTS:
        raise ReleaseRefused(
            409,
            "You have {limit} drafts of release requests in the project {project}. "
            "Finish or withdraw one in the portal first.",
            limit=MOST_DRAFTS,
            project=project,
        )
    held = select(func.sum(ReleaseFile.bytes)).join(ReleaseRequest).where(*draft)
    if (session.scalar(held) or 0) + size > DRAFT_BYTES:
        raise ReleaseRefused(
            409,
            "The drafts of the project {project} hold {limit} GiB, the most that they may. "
            "Finish or withdraw one in the portal first.",
            limit=DRAFT_BYTES // GIB,
            project=project,
        )


def create_draft(
    session: Session,
    *,
    project: str,
    requested_by: str,
    purpose: object,
    recipient: object,
    files: Sequence[Asked],
) -> ReleaseRequest:
    """Make a draft, and the event that says so. Call it inside `database.writing`.

    Another process may take the same number on PostgreSQL: then it raises IntegrityError, and can be
    called again. Raises `AccessDenied` and `ReleaseRefused`.
    """
    # The lock is PostgreSQL's; SQLite has one writer anyway.
    session.execute(select(Project.name).where(Project.name == project).with_for_update())
    size = sum(file.bytes for file in files)
    room(session, project=project, account=requested_by, size=size)
    _check_files(files)
    made = ReleaseRequest(
        number=(session.scalar(select(func.max(ReleaseRequest.number))) or 0) + 1,
        project=project,
        requested_by=requested_by,
        purpose=_text("purpose", purpose, LONGEST_PURPOSE, lines=True),
        recipient=_text("recipient", recipient, LONGEST_RECIPIENT),
        files=[
            ReleaseFile(position=position, path=file.path, sha256=file.sha256, bytes=file.bytes)
            for position, file in enumerate(files)
        ],
    )
    session.add(made)
    session.flush()
    events.record(
        session,
        source="portal",
        user=requested_by,
        project=project,
        kind="release-asked",
        id=made.id,
        detail={"number": made.number, "count": len(files), "size": size},
    )
    return made


def requests(
    session: Session,
    *,
    project: str | None = None,
    status: ReleaseStatus | None = None,
    limit: int = 100,
) -> tuple[ReleaseRequest, ...]:
    """Requests, newest first."""
    query = select(ReleaseRequest).order_by(ReleaseRequest.number.desc()).limit(limit)
    if project is not None:
        query = query.where(ReleaseRequest.project == project)
    if status is not None:
        query = query.where(ReleaseRequest.status == status)
    return tuple(session.scalars(query))


def named(session: Session, digests: Collection[str]) -> set[str]:
    """Those of ``digests`` that some request names: the store keeps them."""
    query = select(ReleaseFile.sha256).where(ReleaseFile.sha256.in_(digests)).distinct()
    return set(session.scalars(query))


def _check_files(files: Sequence[Asked]) -> None:
    if not 0 < len(files) <= MOST_FILES:
        raise ReleaseRefused(400, "Ask for 1 to {limit} files at a time.", limit=MOST_FILES)
    for file in files:
        if not 0 < len(file.path) <= LONGEST_PATH or _ODD.search(file.path):
            raise ReleaseRefused(400, "A file's path is empty, too long or not plain. Rename the file.")
    if len({file.path for file in files}) != len(files):
        raise ReleaseRefused(400, "A file is named twice. Name each file once.")


def _text(name: str, value: object, longest: int, *, lines: bool = False) -> str:
    """What a person typed, without blanks around it."""
    text = value.strip() if isinstance(value, str) else ""
    one_line = text.replace("\n", " ").replace("\t", " ") if lines else text
    if not 0 < len(text) <= longest or _ODD.search(one_line):
        raise ReleaseRefused(
            400, "{field}: must be a plain text of 1 to {limit} characters.", field=name, limit=longest
        )
    return text
