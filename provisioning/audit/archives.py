"""Archive files of the trail: a record a line, as they were hashed (JSON lines), then the signed seal.

A file stands by itself: whoever has the public key reads whether it is whole, with no registry at hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from provisioning.audit import keys, seals
from provisioning.audit.broken import TrailBroken
from provisioning.audit.chain import canonical, line_hash, moment
from provisioning.audit.seals import Seal
from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now

LONGEST_LINE = 64 * 1024
"""Bytes; a record has far fewer."""
NAME = re.compile(r"audit-([0-9]{1,12})-([0-9]{1,12})\.jsonl")


def name(first: int, last: int) -> str:
    """What the archive of these records is called."""
    return f"audit-{first}-{last}.jsonl"


@dataclass
class Walk:
    """A walk along the chain; ``number`` and ``hash`` are the last record's that was taken."""

    number: int
    hash: str

    def take(self, line: Mapping[str, Any]) -> None:
        """The next record. Raises `TrailBroken` where it is not the one that follows."""
        number = self.number + 1
        if line.get("number") != number:
            found = line.get("number")
            if type(found) is int and found <= self.number:
                raise TrailBroken(
                    found, "Record {number} of the audit trail stands where none may: it was put in."
                )
            raise TrailBroken(number, "Record {number} of the audit trail is missing.")
        try:
            right = line_hash(line)
        except (ValueError, TypeError, KeyError, RecursionError):
            right = ""
        if right != line.get("hash"):
            raise TrailBroken(number, "Record {number} of the audit trail was changed.")
        if line["prev"] != self.hash:
            raise TrailBroken(
                number,
                "Record {number} of the audit trail does not follow the one before: one was put in or moved.",
            )
        self.number, self.hash = number, right


def write(
    folder: Path, lines: Iterable[Mapping[str, Any]], after: tuple[int, str], key: Ed25519PrivateKey
) -> Seal:
    """Put ``lines``, which follow the record ``after`` (number, hash), into a sealed file in ``folder``.

    It is there whole or not at all. Raises `TrailBroken` where a record is not as it was hashed, and
    `Refusal` where the folder cannot be written to.
    """
    half = folder / "audit.partial"
    walk, digest = Walk(*after), hashlib.sha256()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(
            os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb"
        ) as out:
            for line in lines:
                walk.take(line)
                content = canonical(line).encode() + b"\n"
                digest.update(content)
                out.write(content)
            mine = keys.fingerprint(key.public_key())
            unsigned = Seal(
                after[0] + 1, walk.number, after[1], walk.hash, digest.hexdigest(), moment(utc_now()), mine
            )
            seal = seals.signed(unsigned, key)
            out.write(canonical(seal.document).encode() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        half.replace(folder / name(seal.first, seal.last))
        _sync(folder)
    except OSError as error:
        raise not_written(folder, error) from error
    return seal


def not_written(folder: Path, error: OSError) -> Refusal:
    """That ``folder`` cannot be written to, with what to do."""
    return Refusal(
        "The trail's archive cannot be written to {folder}: {reason}. Give this account the right to, "
        "or name another folder.",
        folder=folder,
        reason=error.strerror,
    )


def verify(
    file: Path, known: Mapping[str, Ed25519PublicKey], wanted: frozenset[int] = frozenset()
) -> tuple[Seal, dict[int, str]]:
    """Read an archive to its end: its seal, and the hashes of those of its records that are ``wanted``.

    Raises `TrailBroken` with the first record that was changed, removed, put in, moved or cut off, and
    `Refusal` for what cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return _verified(file, opened, known, wanted)
    except OSError as error:
        raise Refusal(
            "The archive {file} cannot be read: {reason}.", file=file, reason=error.strerror
        ) from error


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """The records of an archive that was verified before, as `reading.lines` gives them."""
    with file.open("rb") as opened:
        for _, document in _lines(opened):
            if "carrel" not in document:
                yield document


def sealed(folder: Path, seal: Seal) -> Path | None:
    """The archive in ``folder`` that the registry's own ``seal`` stands for; None where it is not there.

    No key is wanted: the seal says what its lines hash to. Raises `TrailBroken` where they do not.
    """
    file = folder / name(seal.first, seal.last)
    digest = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            for content, document in _lines(opened):
                if "carrel" not in document:
                    digest.update(content)
    except FileNotFoundError:
        return None
    if digest.hexdigest() != seal.sha256:
        raise TrailBroken(
            seal.last, "Up to record {number} the archive {file} is not the one that was sealed.", file=file
        )
    return file


def _verified(
    file: Path, opened: IO[bytes], known: Mapping[str, Ed25519PublicKey], wanted: frozenset[int]
) -> tuple[Seal, dict[int, str]]:
    walk: Walk | None = None
    seal: Seal | None = None
    found: dict[int, str] = {}
    digest, first, prev = hashlib.sha256(), 0, ""
    for content, document in _lines(opened):
        if seal is not None:
            raise TrailBroken(
                seal.last + 1, "The archive {file} goes on behind its seal at record {number}.", file=file
            )
        if "carrel" in document:
            seal = _seal(file, document, walk)
            continue
        if walk is None:
            begins = document.get("number"), document.get("prev")
            if type(begins[0]) is not int or not isinstance(begins[1], str):
                raise _no_archive(file)
            first, prev = begins[0], begins[1]
            walk = Walk(first - 1, prev)
        walk.take(document)
        digest.update(content)
        if walk.number in wanted:
            found[walk.number] = walk.hash
    if walk is None:
        raise _no_archive(file)
    if seal is None:
        raise TrailBroken(
            walk.number + 1,
            "The archive {file} is cut off behind record {number}: its seal is missing.",
            file=file,
        )
    if not seal.holds(known):
        raise TrailBroken(
            seal.last, "The seal up to record {number} does not hold: no key that is known made it."
        )
    if (seal.first, seal.prev) != (first, prev):
        raise TrailBroken(seal.first, "Record {number} of the archive {file} is missing.", file=file)
    if (seal.last, seal.hash, seal.sha256) != (walk.number, walk.hash, digest.hexdigest()):
        raise (
            TrailBroken(walk.number + 1, "The archive {file} is cut off behind record {number}.", file=file)
            if walk.number < seal.last
            else TrailBroken(
                walk.number,
                "Up to record {number} the archive {file} is not the one that was sealed.",
                file=file,
            )
        )
    return seal, found


def _seal(file: Path, document: dict[str, Any], walk: Walk | None) -> Seal:
    try:
        return seals.read(document)
    except ValueError as error:
        number = walk.number + 1 if walk else 1
        raise TrailBroken(
            number, "The archive {file} has no seal that can be read, behind record {number}.", file=file
        ) from error


def _lines(opened: IO[bytes]) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The lines and what they hold; one that is cut off or no object is an empty one."""
    while content := opened.readline(LONGEST_LINE):
        try:
            document = json.loads(content) if content.endswith(b"\n") else None
        except (ValueError, RecursionError):
            document = None
        yield content, document if isinstance(document, dict) else {}


def _no_archive(file: Path) -> Refusal:
    return Refusal("{file} is no archive: give a file that `carrel audit prune` wrote.", file=file)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
