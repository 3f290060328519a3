"""Granting an extract to a project, and taking it back."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now
from provisioning.registry.lookup import get_extract, get_project
from provisioning.registry.models import Extract, ExtractStatus, Grant


def grant_in_force(session: Session, project: str, extract: Extract) -> Grant | None:
    """The one unrevoked grant of this version, expired or not."""
    query = select(Grant).where(
        Grant.project == project, Grant.extract_id == extract.id, Grant.revoked.is_(None)
    )
    return session.scalars(query).one_or_none()


def add_grant(session: Session, project: str, reference: str, expires: date | None = None) -> Grant:
    """Grant ``name`` or ``name@version``; a grant in force gets the new last day instead.

    Raises `Refusal` for an unknown project or extract, for a held or withdrawn extract,
    and for one made with another project's key.
    """
    get_project(session, project)
    extract = get_extract(session, reference)
    made_for = (extract.manifest.get("gate") or {}).get("project")
    check_grantable(f"{extract.name}@{extract.version}", extract.status, made_for, project)
    grant = grant_in_force(session, project, extract)
    if grant is None:
        grant = Grant(project=project, extract=extract, expires=expires)
        session.add(grant)
    grant.expires = expires
    session.flush()
    return grant


def check_grantable(extract: str, status: ExtractStatus, made_for: str | None, project: str) -> None:
    """Raise `Refusal` where ``extract`` (``name@version``) may not be granted to ``project``.

    ``made_for``: the project whose key its pseudonyms were made with; None where it has none.
    """
    if status is ExtractStatus.HELD:
        raise Refusal(
            "The extract {extract} is held by the extract gate and cannot be granted. "
            "See `carrel extract report {extract}`.",
            extract=extract,
        )
    if status is not ExtractStatus.VERIFIED:
        raise Refusal(
            "The extract {extract} is withdrawn and cannot be granted. Grant another version.",
            extract=extract,
        )
    if made_for not in (None, project):
        # With another project's pseudonyms the two projects could be joined.
        raise Refusal(
            "The extract {extract} was made with the key of the project {project}; "
            "register the data for this project too.",
            extract=extract,
            project=made_for,
        )


def revoke_grants(session: Session, project: str, reference: str) -> tuple[Grant, ...]:
    """Revoke ``name@version``, or every version of ``name``; return what was revoked.

    Raises `Refusal` for an unknown project, and where no such grant is in force.
    """
    get_project(session, project)
    name, at, _ = reference.partition("@")
    query = (
        select(Grant)
        .join(Extract, Extract.id == Grant.extract_id)
        .where(Grant.project == project, Grant.revoked.is_(None), Extract.name == name)
    )
    if at:
        query = query.where(Grant.extract_id == get_extract(session, reference).id)
    grants = tuple(session.scalars(query))
    if not grants:
        raise Refusal(
            "The extract {extract} is not granted to the project {project}. See `carrel grant list`.",
            extract=reference,
            project=project,
        )
    for grant in grants:
        grant.revoked = utc_now()
    session.flush()
    return grants
