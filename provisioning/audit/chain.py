"""A record's canonical form and its hash.

The form is RFC 8785 (JSON Canonicalization Scheme) for what a record may hold: objects with ASCII
keys, lists, texts, whole numbers within ±2**53, true, false, null. Fractions are refused, so that no
two programs can write one number in two ways.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
"""What the first record names as the one before."""
LARGEST_NUMBER = 2**53
"""What JSON's readers agree on (RFC 8259, 6)."""
FIELDS = (
    "number",
    "id",
    "time",
    "received",
    "source",
    "user",
    "project",
    "extract",
    "kind",
    "detail",
    "prev",
)
"""What a record's hash covers: everything but itself."""


def canonical(value: Any) -> str:
    """``value`` as RFC 8785 writes it. Raises ValueError for what the form does not hold."""
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def moment(time: datetime) -> str:
    """``time`` as records are hashed: UTC, microseconds, such as 2026-01-02T03:04:05.000006Z."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def record_hash(record: Mapping[str, Any]) -> str:
    """The SHA-256, in hexadecimal, of `FIELDS` of ``record``; moments are aware. Raises ValueError."""
    return line_hash({**record, **{name: moment(record[name]) for name in ("time", "received")}})


def line_hash(line: Mapping[str, Any]) -> str:
    """As `record_hash`, of a record whose moments are texts, as `reading.lines` gives them."""
    plain = {name: line[name] for name in FIELDS}
    return hashlib.sha256(canonical(plain).encode()).hexdigest()


def _check(value: Any) -> None:
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is a UnicodeEncodeError, a ValueError
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError("a key is not ASCII")
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)
    elif type(value) is int:
        if abs(value) > LARGEST_NUMBER:
            raise ValueError("a number is too large")
    elif value is not None and not isinstance(value, bool):
        raise ValueError(f"{type(value).__name__} has no canonical form")
