"""What the gate found, as the manifest keeps it: counts and positions, never values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

POSITIONS = 20
"""How many rows a finding names at most."""


class Severity(StrEnum):
    BLOCKING = "blocking"
    """The extract is held until a second person overrides the finding."""
    EXPLAINED = "explained"
    """Would block, but the policy gives the reason why it is expected here."""
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that verification found in the output."""

    rule: str
    severity: Severity
    message: str
    """A gettext id without places."""
    table: str | None = None
    column: str | None = None
    file: str | None = None
    kind: str | None = None
    """The kind of identifier, where the rule is about one."""
    count: int = 0
    """Rows concerned; for combinations: people (or rows where the table has no patient column)."""
    positions: tuple[int, ...] = ()
    """Rows of the output, from 1."""
    reason: str | None = None

    @property
    def id(self) -> str:
        """Eight digits that name the finding: the same for the same rule at the same place."""
        place = "\0".join(text or "" for text in (self.rule, self.kind, self.table, self.column, self.file))
        return hashlib.sha256(place.encode()).hexdigest()[:8]

    def document(self) -> dict[str, Any]:
        """The finding as JSON."""
        return {
            "id": self.id,
            "rule": self.rule,
            "severity": str(self.severity),
            "message": self.message,
            "table": self.table,
            "column": self.column,
            "file": self.file,
            "kind": self.kind,
            "count": self.count,
            "positions": list(self.positions[:POSITIONS]),
            "reason": self.reason,
        }


def blocking(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the findings (as documents) that hold the extract."""
    return [str(finding["id"]) for finding in findings if finding["severity"] == Severity.BLOCKING]


def as_made(gate: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest's gate section as the gate wrote it, before anyone overrode anything."""
    return {**gate, "verified": not blocking(gate["findings"]), "overrides": []}
