"""Whether the trail is whole: every record as it was hashed, none missing, none added, none moved.

A chain alone does not show that its end was cut off, nor that all of it was made anew. Signed heads
do: those that the registry keeps, as long as its writer has no key; anchors kept outside, always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit.chain import FIELDS, GENESIS, record_hash
from provisioning.audit.heads import Head
from provisioning.refusal import Refusal
from provisioning.registry.models import AuditRecord

AT_ONCE = 1000
"""Records read at a time."""


class TrailBroken(Refusal):
    """The trail is not what it was; ``number`` is the first record that shows it."""

    def __init__(self, number: int, message: str, **values: object) -> None:
        super().__init__(message, number=number, **values)
        self.number = number


@dataclass(frozen=True)
class Verified:
    """A whole trail: how many records, the last one's hash, how many heads and anchors it was held to."""

    records: int
    hash: str
    heads: int


def verify(
    session: Session, signed: Sequence[Head] = (), known: Mapping[str, Ed25519PublicKey] | None = None
) -> Verified:
    """Read the whole trail and hold it to ``signed`` heads, which ``known`` keys must have signed.

    Raises `TrailBroken` with the first record that was changed, removed, inserted or moved, or whose
    end is cut off.
    """
    known = known or {}
    for head in sorted(signed, key=lambda each: each.number):
        if not head.holds(known):
            raise TrailBroken(
                head.number, "The signed head at record {number} does not hold: no key that is known made it."
            )
    expected: dict[int, set[str]] = {}
    for head in signed:
        expected.setdefault(head.number, set()).add(head.hash)
    number, prev = 0, GENESIS
    for row in _rows(session):
        number += 1
        _one(row, number, prev)
        prev = row["hash"]
        if expected.get(number, {prev}) != {prev}:
            raise TrailBroken(
                number, "Up to record {number} the audit trail is not the one whose head was signed."
            )
    last = max(expected, default=0)
    if last > number:
        raise TrailBroken(
            number + 1,
            "The audit trail is cut off: record {number} and those after it, up to {last}, are missing.",
            last=last,
        )
    return Verified(number, prev, len(signed))


def _one(row: Mapping[str, Any], number: int, prev: str) -> None:
    if row["number"] != number:
        raise TrailBroken(number, "Record {number} of the audit trail is missing.")
    try:
        right = record_hash(row)
    except (ValueError, TypeError, AttributeError):
        right = ""
    if right != row["hash"]:
        raise TrailBroken(number, "Record {number} of the audit trail was changed.")
    if row["prev"] != prev:
        raise TrailBroken(
            number,
            "Record {number} of the audit trail does not follow the one before: one was put in or moved.",
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
            page = [dict(row) for row in session.execute(query).mappings()]
        except (ValueError, TypeError):
            yield from _one_by_one(session, after)
            return
        yield from page
        if len(page) < AT_ONCE:
            return
        after = page[-1]["number"]


def _one_by_one(session: Session, after: int | None) -> Iterator[dict[str, Any]]:
    columns = [getattr(AuditRecord, name) for name in (*FIELDS, "hash")]
    query = select(AuditRecord.number).order_by(AuditRecord.number)
    for number in session.scalars(query if after is None else query.where(AuditRecord.number > after)).all():
        try:
            yield dict(session.execute(select(*columns).where(AuditRecord.number == number)).mappings().one())
        except (ValueError, TypeError):
            unreadable = dict.fromkeys((*FIELDS, "hash"), "") | {"number": number, "time": _NEVER}
            yield unreadable | {"received": _NEVER}


_NEVER = datetime(1, 1, 1, tzinfo=UTC)
