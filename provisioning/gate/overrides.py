"""Overriding what holds an extract: by a second person, with a reason, kept in registry and manifest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import trail
from provisioning.extracts.manifest import MANIFEST, ExtractManifest, digest_of, read, verify, write_document
from provisioning.gate.report import blocking
from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_account
from provisioning.registry.models import AccountStatus, Extract, ExtractStatus, GateOverride, Role

MAY_OVERRIDE = frozenset({Role.ADMIN, Role.REVIEWER})


def check_second_person(session: Session, extract: Extract, by: str) -> None:
    """Raise `Refusal` unless ``by`` is an active admin or reviewer, and not who registered the extract.

    Where nobody is known to have registered it, nobody can be a second person.
    """
    account = get_account(session, by)
    if account.status is not AccountStatus.ACTIVE or not MAY_OVERRIDE & set(account.roles):
        raise Refusal("{account} may not override findings: an active admin or reviewer may.", account=by)
    if extract.registered_by is None:
        raise Refusal(
            "Nobody is named as who registered {extract}, so nobody is a second person. "
            "Register the data again, as another version, with --by.",
            extract=f"{extract.name}@{extract.version}",
        )
    if extract.registered_by == by:
        raise Refusal(
            "{account} registered {extract}; somebody else must override its findings.",
            account=by,
            extract=f"{extract.name}@{extract.version}",
        )


def override(  # noqa: PLR0917
    session: Session, extract: Extract, finding: str, reason: str, by: str, extracts_root: Path
) -> list[str]:
    """Override ``finding``; return the ids of those that still hold the extract.

    With none left the manifest gets the overrides, the extract its new digest, and it is verified. Asked for
    again after a crash, it finishes. Raises `Refusal`: see `check_second_person`; no such finding; no reason.
    """
    name = f"{extract.name}@{extract.version}"
    check_second_person(session, extract, by)
    if extract.status is not ExtractStatus.HELD:
        raise Refusal("{extract} is {status}, not held.", extract=name, status=extract.status)
    if not 10 <= len(reason.strip()) <= 1000:
        raise Refusal("Give the reason in 10 to 1000 characters with --reason.")
    holding = blocking((extract.manifest.get("gate") or {}).get("findings", []))
    if finding not in holding:
        raise Refusal(
            "{finding} is not a finding that holds {extract}. See `carrel extract report {extract}`.",
            finding=finding,
            extract=name,
        )
    if finding not in _overrides(session, extract):
        row = GateOverride(extract_id=extract.id, finding=finding, reason=reason.strip(), by=by)
        session.add(row)
        session.flush()
        trail.record(session, "extract-overridden", user=by, extract=name, detail={"count": 1})
    left = [one for one in holding if one not in _overrides(session, extract)]
    if not left:
        # Overrides are committed with the status or, after a crash here, found in the manifest by `settled`.
        document = _overridden(session, extract)
        folder = extracts_root / extract.folder
        if read(folder).digest == extract.digest:
            verify(folder, extract.digest)
            _replace(folder, write_document(document))
        settled(session, extract, read(folder))
    return left


def settled(session: Session, extract: Extract, manifest: ExtractManifest) -> bool:
    """Make the registry say what an overridden manifest says; False where that is not this extract's.

    The manifest may differ from the registered one in the overrides alone, each of a finding that holds it
    and by a second person.
    """
    if extract.status is not ExtractStatus.HELD or not manifest.verified:
        return False
    document = manifest.document
    said = {str(one["finding"]): one for one in document["gate"]["overrides"]}
    gate = {**document["gate"], "verified": False, "overrides": []}
    same = digest_of(write_document({**document, "gate": gate})) == extract.digest
    if not same or set(said) != set(blocking(gate["findings"])):
        return False
    known = _overrides(session, extract)
    for finding, one in said.items():
        check_second_person(session, extract, str(one["by"]))
        if finding not in known:
            session.add(
                GateOverride(
                    extract_id=extract.id, finding=finding, reason=str(one["reason"]), by=str(one["by"])
                )
            )
    extract.manifest, extract.digest = document, manifest.digest
    extract.status = ExtractStatus.VERIFIED
    session.flush()
    return True


def _overrides(session: Session, extract: Extract) -> dict[str, GateOverride]:
    query = select(GateOverride).where(GateOverride.extract_id == extract.id).order_by(GateOverride.finding)
    return {one.finding: one for one in session.scalars(query)}


def _overridden(session: Session, extract: Extract) -> dict[str, Any]:
    overrides = [
        {"finding": one.finding, "reason": one.reason, "by": one.by, "at": one.at.isoformat()}
        for one in _overrides(session, extract).values()
    ]
    gate = {**extract.manifest["gate"], "verified": True, "overrides": overrides}
    return {**extract.manifest, "gate": gate}


def _replace(folder: Path, content: bytes) -> None:
    """Write the manifest whole or not at all; the temporary file lies beside the folder."""
    temporary = folder.parent / f".{folder.name}.{MANIFEST}"
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    folder.chmod(0o750)
    try:
        temporary.rename(folder / MANIFEST)
    finally:
        folder.chmod(0o550)
