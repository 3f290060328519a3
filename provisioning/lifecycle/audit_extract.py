"""What the audit trail holds of one project, pruned records among it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import archives, seals
from provisioning.audit.chain import FIELDS, moment
from provisioning.registry.models import AuditRecord
from provisioning.settings import archive_root


def audit_extract(session: Session, project: str) -> Iterator[dict[str, Any]]:
    """The project's records as they were hashed, in the trail's order; JSON's types only.

    First those that were pruned, from the trail's archives. Where one is not in its folder, a line with
    ``archive``, its name, and ``sha256``, that of its lines, says where they are. Raises
    `provisioning.audit.broken.TrailBroken` for an archive that is not as it was sealed.
    """
    for seal in seals.kept(session):
        file = archives.sealed(archive_root(), seal)
        if file is None:
            yield {"archive": archives.name(seal.first, seal.last), "sha256": seal.sha256}
            continue
        yield from (line for line in archives.lines(file) if line["project"] == project)
    query = select(AuditRecord).where(AuditRecord.project == project).order_by(AuditRecord.number)
    for record in session.scalars(query.execution_options(yield_per=1000)):
        line = {name: getattr(record, name) for name in (*FIELDS, "hash")}
        yield line | {"time": moment(record.time), "received": moment(record.received)}
