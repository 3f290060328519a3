"""Pruning: what is older than it must be kept goes into a signed archive, and only then out of the registry.

180 days are the least (Cybersecurity Law of the People's Republic of China, article 21(3): network logs
are kept for no less than six months); no setting goes below. The archives are kept beyond that, by
whoever keeps the site's backups.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from provisioning.audit import archives, heads, keys, reading, seals, trail
from provisioning.audit.broken import TrailBroken
from provisioning.audit.seals import Seal
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditHead, AuditPosition, AuditRecord

LEAST_DAYS = 180
MOST_AT_ONCE = 100_000
"""Records that one archive holds."""


def keep_days(wanted: float) -> float:
    """For how many days records are kept: ``wanted``, and never fewer than `LEAST_DAYS`."""
    return max(float(LEAST_DAYS), wanted)


def prune(
    registry: Engine,
    folder: Path,
    key: Ed25519PrivateKey,
    days: float = LEAST_DAYS,
    *,
    most: int = MOST_AT_ONCE,
    others: Mapping[str, Ed25519PublicKey] | None = None,
) -> list[Seal]:
    """Archive and remove what was received longer ago than ``days``; returns the new seals.

    Nothing is removed that is not in a finished, signed archive in ``folder``, nor what a forwarder has not
    handed on yet; the newest record stays. A run that was killed is finished, or its half file replaced.
    ``others`` are public keys, by fingerprint, that signed before this one. Raises `TrailBroken`, with
    nothing removed, where the trail is not whole.
    """
    before = utc_now() - timedelta(days=keep_days(days))
    known = {keys.fingerprint(key.public_key()): key.public_key()}
    made: list[Seal] = []
    with _alone(folder):
        while True:
            with database.sessions(registry)() as session:
                after = seals.hold(seals.kept(session), {**known, **(others or {})})
                last = min(_last_before(session, before), after[0] + most)
                if last <= after[0]:
                    return made
                seal = _finished(folder, after, last, known)
                if seal is None:
                    lines = reading.lines(session, after[0], last)
                    seal = archives.write(folder, lines, after, key)
                _held(session, seal, folder, known)
            _remove(registry, seal)
            made.append(seal)


def _last_before(session: Session, before: datetime) -> int:
    """The last record that may go: it and all before were received before, and are handed on."""
    newest = session.scalar(select(func.max(AuditRecord.number))) or 0
    kept = session.scalar(select(func.min(AuditRecord.number)).where(AuditRecord.received >= before))
    handed_on = session.scalar(
        select(func.min(AuditPosition.number)).where(AuditPosition.reader.startswith(reading.RECEIVER))
    )
    bounds = [
        newest - 1,
        *([kept - 1] if kept is not None else []),
        *([handed_on] if handed_on is not None else []),
    ]
    return min(bounds)


def _finished(
    folder: Path, after: tuple[int, str], last: int, known: Mapping[str, Ed25519PublicKey]
) -> Seal | None:
    """The archive that a killed run made whole and did not get to use."""
    for file in sorted(folder.glob(f"audit-{after[0] + 1}-*.jsonl")):
        try:
            seal, _ = archives.verify(file, known)
        except Refusal:  # TrailBroken among them: it is made anew
            continue
        if (seal.first, seal.prev) == (after[0] + 1, after[1]) and seal.last <= last:
            return seal
    return None


def _held(session: Session, seal: Seal, folder: Path, known: Mapping[str, Ed25519PublicKey]) -> None:
    """Hold what was archived to the registry's own record and heads, before anything is removed."""
    _still_mine(session, seal)
    there = session.scalar(select(AuditRecord.hash).where(AuditRecord.number == seal.last))
    signed = [head for head in heads.heads(session) if seal.first <= head.number <= seal.last]
    wanted = frozenset(head.number for head in signed)
    read, found = archives.verify(folder / archives.name(seal.first, seal.last), known, wanted)
    if there != seal.hash or read != seal:
        raise TrailBroken(seal.last, "Record {number} of the audit trail was changed.")
    for head in signed:
        if head.hash != found[head.number]:
            raise TrailBroken(
                head.number, "Up to record {number} the audit trail is not the one whose head was signed."
            )


def _still_mine(session: Session, seal: Seal) -> None:
    """That nobody prunes into another folder: two seals over one another would break the trail for good."""
    newest = max((each.last for each in seals.kept(session)), default=0)
    if newest != seal.first - 1:
        raise Refusal("The audit trail is being pruned by somebody else. Nothing was removed.")


def _remove(registry: Engine, seal: Seal) -> None:
    """In one transaction: the seal is kept, what it stands for goes, and that is on the trail."""
    with database.writing(registry) as session:
        _still_mine(session, seal)
        session.add(seal.row)
        session.flush()
        session.execute(delete(AuditRecord).where(AuditRecord.number <= seal.last))
        session.execute(delete(AuditHead).where(AuditHead.number <= seal.last))
        detail = {"first": seal.first, "last": seal.last, "digest": f"sha256:{seal.sha256}"}
        trail.record(session, "audit-pruned", detail=detail)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise archives.not_written(folder, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
