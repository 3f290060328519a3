"""Seals: what says, signed, that a prefix of the trail lies in an archive and where the trail goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.audit import keys
from provisioning.audit.broken import TrailBroken
from provisioning.audit.chain import GENESIS, canonical, moment
from provisioning.registry.models import AuditSeal

MARK = "audit archive 1"


@dataclass(frozen=True)
class Seal:
    """As it is signed, kept in the registry, and written as an archive's last line.

    ``first`` and ``last`` are numbers of records, ``prev`` and ``hash`` the hash before the first and the
    last one's, ``sha256`` that of the archive's lines before the seal, ``key`` the public key's fingerprint.
    """

    first: int
    last: int
    prev: str
    hash: str
    sha256: str
    time: str
    key: str
    signature: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The archive's last line."""
        return asdict(self) | {"carrel": MARK}

    @property
    def said(self) -> bytes:
        """What is signed. The mark keeps it from being taken for anything else."""
        signed = self.document
        del signed["signature"]
        return canonical(signed).encode()

    def holds(self, known: Mapping[str, Ed25519PublicKey]) -> bool:
        """Whether one of the ``known`` keys, by fingerprint, signed it."""
        key = known.get(self.key)
        return key is not None and keys.signed_by(key, self.signature, self.said)

    @property
    def row(self) -> AuditSeal:
        """For the registry."""
        return AuditSeal(**{**asdict(self), "time": datetime.fromisoformat(self.time).astimezone(UTC)})


def read(document: Any) -> Seal:
    """The seal that an archive's last line holds. Raises ValueError."""
    if not isinstance(document, dict) or document.pop("carrel", None) != MARK:
        raise ValueError("no seal")
    try:
        seal = Seal(**document)
    except TypeError as error:
        raise ValueError("no seal") from error
    texts = (seal.prev, seal.hash, seal.sha256, seal.time, seal.key, seal.signature)
    whole = type(seal.first) is int and type(seal.last) is int and 1 <= seal.first <= seal.last
    if not whole or not all(isinstance(each, str) for each in texts):
        raise ValueError("no seal")
    seal.said  # noqa: B018 (raises ValueError for what has no canonical form)
    return seal


def signed(seal: Seal, key: Ed25519PrivateKey) -> Seal:
    """``seal`` with the signature of ``key``, whose fingerprint it names."""
    return replace(seal, signature=key.sign(seal.said).hex())


def kept(session: Session) -> list[Seal]:
    """The seals that the registry keeps, by number."""
    rows = session.scalars(select(AuditSeal).order_by(AuditSeal.last))
    names = ("first", "last", "prev", "hash", "sha256", "key", "signature")
    return [Seal(**{name: getattr(row, name) for name in names}, time=moment(row.time)) for row in rows]


def hold(sealed: Iterable[Seal], known: Mapping[str, Ed25519PublicKey]) -> tuple[int, str]:
    """Hold seals to the ``known`` keys and to one another; where the trail goes on: number and hash before.

    Raises `TrailBroken`: a seal that nobody known signed, or that does not follow the one before.
    """
    number, prev = 0, GENESIS
    for seal in sealed:
        if not seal.holds(known):
            raise TrailBroken(
                seal.last,
                "The seal up to record {number} does not hold: no key that is known made it.",
            )
        if (seal.first, seal.prev) != (number + 1, prev):
            raise TrailBroken(
                number + 1, "Record {number} of the audit trail is missing: no seal says where it went."
            )
        number, prev = seal.last, seal.hash
    return number, prev
