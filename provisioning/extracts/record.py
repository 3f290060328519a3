"""Entering an extract into the registry, and withdrawing it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import trail
from provisioning.extracts.register import Registered
from provisioning.gate.overrides import settled
from provisioning.gate.report import blocking
from provisioning.refusal import Refusal
from provisioning.registry.models import Extract, ExtractStatus


def record(session: Session, registered: Registered, by: str | None = None) -> Extract:
    """The registry's row of what `register` made; entered, as registered by ``by``, where it is new.

    It is held where the gate found something that blocks.

    Raises `Refusal` where the registry knows this version by another digest, or as withdrawn.
    """
    manifest = registered.manifest
    found = session.scalars(
        select(Extract).where(Extract.name == manifest.name, Extract.version == manifest.version)
    ).one_or_none()
    if found is None:
        found = Extract(
            name=manifest.name,
            version=manifest.version,
            title_en=manifest.title["en"],
            title_zh=manifest.title["zh"],
            digest=manifest.digest,
            folder=registered.folder,
            manifest=manifest.document,
            status=ExtractStatus.VERIFIED if manifest.verified else ExtractStatus.HELD,
            registered_by=by,
        )
        session.add(found)
        session.flush()
        if found.status is ExtractStatus.HELD:
            held = len(blocking(manifest.document["gate"]["findings"]))
            name = f"{found.name}@{found.version}"
            trail.record(session, "extract-held", extract=name, detail={"count": held})
    elif settled(session, found, manifest):
        pass
    elif found.digest != manifest.digest:
        raise Refusal(
            "The registry knows {extract} by another digest than the folder has now. "
            "Restore the folder from the backup, or register the next version.",
            extract=f"{manifest.name}@{manifest.version}",
        )
    elif found.status is ExtractStatus.WITHDRAWN:
        raise Refusal(
            "{extract} has this content and is withdrawn, for good. Register other data.",
            extract=f"{manifest.name}@{manifest.version}",
        )
    return found


def withdraw(session: Session, extract: Extract) -> bool:
    """Stop mounting this version anywhere, for good; False where it was withdrawn already."""
    changed = extract.status is not ExtractStatus.WITHDRAWN
    extract.status = ExtractStatus.WITHDRAWN
    session.flush()
    return changed
