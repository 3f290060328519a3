"""One identifier found in a text: its kind and where it stands, never what it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from provisioning.gate.identifiers.kinds import Kind


@dataclass(frozen=True, order=True)
class Found:
    """``text[start:end]`` identifies someone; ``start`` and ``end`` count characters of the text as given."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Candidate:
    """What one detector proposes; ``trust`` (0 to 100) decides between candidates that overlap."""

    kind: Kind
    start: int
    end: int
    trust: int


def resolve(candidates: Iterable[Candidate]) -> list[Found]:
    """The candidates without overlaps, in order.

    Of two that overlap the one that contains the other stands; of two that overlap in part, or cover the
    same, the more trusted. What a loser covers beyond the winner stays found under the loser's kind, so
    that a redacted text holds no part of anything that a detector proposed.
    """
    ordered = sorted(set(candidates), key=lambda one: (one.start, -one.end, -one.trust, one.kind))
    outer: list[Candidate] = []
    for candidate in ordered:
        if outer and candidate.end <= outer[-1].end:
            continue  # Contained: starts no earlier and ends no later than one that stands.
        outer.append(candidate)
    # Starts and ends both grow now: a part that two claim goes to the more trusted.
    placed: list[Candidate] = []
    for one in outer:
        start = one.start
        while placed and placed[-1].end > start and placed[-1].trust < one.trust:
            last = placed.pop()
            if last.start < start:
                placed.append(Candidate(last.kind, last.start, start, last.trust))
                break
        if placed:
            start = max(start, placed[-1].end)
        if start < one.end:
            placed.append(Candidate(one.kind, start, one.end, one.trust))
    return [Found(start=one.start, end=one.end, kind=one.kind) for one in placed]
