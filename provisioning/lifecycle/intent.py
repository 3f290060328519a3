"""Where a deletion says what it is about to do, and what it did."""

from __future__ import annotations

from pathlib import Path

from provisioning.settings import data_root


def certificates_root() -> Path:
    """Where the certificates of deleted projects stay."""
    return data_root() / "certificates"


def intent_path(project: str) -> Path:
    """There from a deletion's first step to its last: who finds it finishes the deletion."""
    return certificates_root() / f"{project}.deleting"


def certificate_path(project: str) -> Path:
    """There once the project is deleted, for good."""
    return certificates_root() / f"{project}.json"
