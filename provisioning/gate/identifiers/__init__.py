"""Carrel's own detectors of direct identifiers, by rules and check digits; see docs/decisions/0017."""

from __future__ import annotations

from provisioning.gate.identifiers.column_names import kind_of_name
from provisioning.gate.identifiers.columns import ColumnFinding, ColumnScan
from provisioning.gate.identifiers.found import Found
from provisioning.gate.identifiers.kinds import DESCRIPTIONS, Kind, clauses, title
from provisioning.gate.identifiers.redaction import redact
from provisioning.gate.identifiers.text import find_in_text

__all__ = [
    "DESCRIPTIONS",
    "ColumnFinding",
    "ColumnScan",
    "Found",
    "Kind",
    "clauses",
    "find_in_text",
    "kind_of_name",
    "redact",
    "title",
]
