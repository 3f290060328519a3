"""Pseudonyms and date offsets in Python: those that `transforms` makes in SQL, so that images join tables."""

from __future__ import annotations

import hmac

from provisioning.gate.transforms import DATES

_SPACES = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u202f\u205f\u3000"
"""Unicode's space separators, which are what DuckDB's ``trim`` takes away."""


def trimmed(text: str) -> str:
    """``text`` without spaces around it, as a table's value is before it is pseudonymised."""
    return text.strip(_SPACES)


def digest(key: bytes, domain: str, text: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of the domain and ``text``, as 64 hexadecimal digits."""
    return hmac.digest(key, f"{domain}\x1f{text}".encode(), "sha256").hex()


def pseudonym(key: bytes, domain: str, text: str) -> str:
    """What stands for ``text`` in columns of ``domain``: the letter p and 128 bits in hexadecimal."""
    return "p" + digest(key, domain, trimmed(text))[:32]


def offset(key: bytes, patient: str, days: int) -> int:
    """The days, -``days`` to ``days`` and never 0, by which all dates of ``patient`` move."""
    number = int(digest(key, DATES, trimmed(patient))[:12], 16) % (2 * days)
    return number - days if number < days else number - days + 1
