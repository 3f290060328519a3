"""Signed heads: what the trail's last record was at a moment, kept in the registry and outside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import keys
from provisioning.audit.chain import canonical, moment
from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditHead, AuditRecord

LARGEST_FILE = 64 * 1024


@dataclass(frozen=True)
class Head:
    """A head as it is signed and anchored; ``key`` is the public key's fingerprint."""

    number: int
    hash: str
    time: str
    key: str
    signature: str = ""

    @property
    def said(self) -> bytes:
        """What is signed. The first entry keeps it from being taken for anything else."""
        document = asdict(self) | {"carrel": "audit head 1"}
        del document["signature"]
        return canonical(document).encode()

    def holds(self, known: Mapping[str, Ed25519PublicKey]) -> bool:
        """Whether one of the ``known`` keys, by fingerprint, signed it."""
        key = known.get(self.key)
        return key is not None and keys.signed_by(key, self.signature, self.said)


def sign_head(session: Session, key: Ed25519PrivateKey) -> Head:
    """Sign the trail as it stands and keep that; a head that is signed already is given again.

    Raises `Refusal` where the trail has no record.
    """
    query = select(AuditRecord.number, AuditRecord.hash).order_by(AuditRecord.number.desc()).limit(1)
    last = session.execute(query).first()
    if last is None:
        raise Refusal("The audit trail has no record yet, so there is nothing to sign.")
    mine = keys.fingerprint(key.public_key())
    kept = session.get(AuditHead, last.number)
    if kept is not None and kept.key == mine and kept.hash == last.hash:
        return _of(kept)
    time = utc_now()
    head = Head(last.number, last.hash, moment(time), mine)
    signed = Head(**{**asdict(head), "signature": key.sign(head.said).hex()})
    if kept is None:
        session.add(AuditHead(**{**asdict(signed), "time": time}))
        session.flush()
    return signed


def heads(session: Session) -> list[Head]:
    """The heads that the registry keeps, by number."""
    return [_of(row) for row in session.scalars(select(AuditHead).order_by(AuditHead.number))]


def anchors(files: Iterable[Path]) -> list[Head]:
    """The heads in files that `carrel audit anchor` wrote. Raises `Refusal`."""
    return [_anchor(file) for file in files]


def _of(row: AuditHead) -> Head:
    return Head(row.number, row.hash, moment(row.time), row.key, row.signature)


def _anchor(file: Path) -> Head:
    try:
        with file.open("rb") as opened:
            document: Any = json.loads(opened.read(LARGEST_FILE))
        head = Head(**document)
        right = all(isinstance(getattr(head, name), str) for name in ("hash", "time", "key", "signature"))
        if not right or type(head.number) is not int or head.number < 1:
            raise ValueError
        head.said  # noqa: B018 (raises ValueError for what has no canonical form)
    except OSError as error:
        raise Refusal(
            "The anchor {file} cannot be read: {reason}.", file=file, reason=error.strerror
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(
            "{file} is no anchor: give a file that `carrel audit anchor` wrote.", file=file
        ) from error
    return head
