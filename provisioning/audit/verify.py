"""Whether the trail is whole: every record as it was hashed, none missing, none added, none moved.

A chain alone does not show that its end was cut off, nor that all of it was made anew. Signed heads
do: those that the registry keeps, as long as its writer has no key; anchors kept outside, always. Where
records were pruned, the trail begins behind the newest seal, whose archive can be verified with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import archives, seals
from provisioning.audit.archives import Walk
from provisioning.audit.broken import TrailBroken
from provisioning.audit.chain import FIELDS, moment
from provisioning.audit.heads import Head
from provisioning.refusal import Refusal
from provisioning.registry.models import AuditRecord

__all__ = ["TrailBroken", "Verified", "verify"]

AT_ONCE = 1000
"""Records read at a time."""


@dataclass(frozen=True)
class Verified:
    """A whole trail.

    ``records`` stand in the registry, from number ``first`` on, the last one with ``hash``; ``archived``
    were read in archives. ``heads`` are the heads and anchors that it was held to, ``unseen`` those of
    records in archives that were not given.
    """

    records: int
    hash: str
    heads: int
    first: int = 1
    archived: int = 0
    unseen: int = 0


def verify(
    session: Session,
    signed: Sequence[Head] = (),
    known: Mapping[str, Ed25519PublicKey] | None = None,
    files: Sequence[Path] = (),
) -> Verified:
    """Read the whole trail and hold it to ``signed`` heads, which ``known`` keys must have signed.

    ``files`` are archives of what was pruned, read and held to the same. Raises `TrailBroken` with the
    first record that was changed, removed, inserted or moved, or whose end is cut off.
    """
    known = known or {}
    expected = _expected(signed, known)
    sealed = seals.kept(session)
    before, prev = seals.hold(sealed, known)
    points = {seal.last: seal.hash for seal in sealed}
    archived = 0
    for file in files:
        seal, found = archives.verify(file, known, frozenset(expected))
        if seal.last <= before and seal.last not in points:
            raise Refusal("No seal of this trail names the archive {file}. Leave it out.", file=file)
        archived += seal.last - seal.first + 1
        expected.setdefault(seal.last, set()).add(seal.hash)
        if seal.first > 1:
            expected.setdefault(seal.first - 1, set()).add(seal.prev)
        points |= {number: hash for number, hash in found.items() if number not in points}
    unseen = 0
    for number in sorted(each for each in expected if each <= before):
        if number in points:
            _same(number, expected[number], points[number])
        else:
            unseen += 1
    walk = Walk(before, prev)
    for row in _rows(session):
        walk.take(row)
        if walk.number in expected:
            _same(walk.number, expected[walk.number], walk.hash)
    # Pruning leaves one record at least.
    last = max([*expected, before + 1 if sealed else 0])
    if last > walk.number:
        raise TrailBroken(
            walk.number + 1,
            "The audit trail is cut off: record {number} and those after it, up to {last}, are missing.",
            last=last,
        )
    return Verified(
        walk.number - before, walk.hash, len(signed) - unseen, before + 1, archived, min(unseen, len(signed))
    )


def _expected(signed: Sequence[Head], known: Mapping[str, Ed25519PublicKey]) -> dict[int, set[str]]:
    expected: dict[int, set[str]] = {}
    for head in sorted(signed, key=lambda each: each.number):
        if not head.holds(known):
            raise TrailBroken(
                head.number, "The signed head at record {number} does not hold: no key that is known made it."
            )
        expected.setdefault(head.number, set()).add(head.hash)
    return expected


def _same(number: int, expected: set[str], hash: str) -> None:
    if expected != {hash}:
        raise TrailBroken(
            number, "Up to record {number} the audit trail is not the one whose head was signed."
        )


def _rows(session: Session) -> Iterator[dict[str, Any]]:
    """Every record by number. A value that no column of its kind holds was changed."""
    columns = [getattr(AuditRecord, name) for name in (*FIELDS, "hash")]
    after = None
    while True:
        query = select(*columns).order_by(AuditRecord.number).limit(AT_ONCE)
        if after is not None:
            query = query.where(AuditRecord.number > after)
        try:
            page = [_line(row) for row in session.execute(query).mappings()]
        except (ValueError, TypeError, AttributeError):
            yield from _one_by_one(session, after)
            return
        yield from page
        if len(page) < AT_ONCE:
            return
        after = page[-1]["number"]


def _line(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "time": moment(row["time"]), "received": moment(row["received"])}


def _one_by_one(session: Session, after: int | None) -> Iterator[dict[str, Any]]:
    columns = [getattr(AuditRecord, name) for name in (*FIELDS, "hash")]
    query = select(AuditRecord.number).order_by(AuditRecord.number)
    for number in session.scalars(query if after is None else query.where(AuditRecord.number > after)).all():
        try:
            yield _line(
                session.execute(select(*columns).where(AuditRecord.number == number)).mappings().one()
            )
        except (ValueError, TypeError, AttributeError):
            yield dict.fromkeys(FIELDS, "") | {"number": number, "hash": "unreadable"}
