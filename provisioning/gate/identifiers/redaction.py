"""Redacting a free text: what was found gives way to the name of its kind."""

from __future__ import annotations

from collections.abc import Iterable

from provisioning.gate.identifiers.found import Found


def label(found: Found) -> str:
    """What stands in a redacted text instead of the identifier; the same in every language."""
    return f"[{found.kind.value}]"


def redact(text: str, found: Iterable[Found]) -> str:
    """``text`` with each of ``found`` replaced by its kind's label.

    Raises ``ValueError`` when one lies outside the text or two overlap: a text half redacted is worse than none.
    """
    parts = []
    at = 0
    for one in sorted(found):
        if not at <= one.start <= one.end <= len(text):
            raise ValueError(f"{one.kind} at {one.start}..{one.end} does not fit the text or overlaps another")
        parts += [text[at : one.start], label(one)]
        at = one.end
    return "".join(parts) + text[at:]
