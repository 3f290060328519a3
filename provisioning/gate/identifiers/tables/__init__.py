"""Tables of names and words: general knowledge, frequent ones. A line that begins with # says what they are."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def words(name: str) -> frozenset[str]:
    """The words of the table ``name``."""
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def characters(name: str) -> frozenset[str]:
    """The characters of the table ``name``."""
    return frozenset("".join(words(name)))
