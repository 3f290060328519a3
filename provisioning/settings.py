"""Where extracts, templates and keys lie: below ``CARREL_DATA`` and ``CARREL_KEYS``."""

from __future__ import annotations

import os
from pathlib import Path


def data_root() -> Path:
    """``CARREL_DATA``, else ``/srv/carrel``."""
    return Path(os.environ.get("CARREL_DATA") or "/srv/carrel")


def extracts_root() -> Path:
    """The folder that an extract's ``folder`` is below."""
    return data_root() / "extracts"


def templates_root() -> Path:
    """The folder that a template's ``folder`` is below."""
    return data_root() / "templates"


def archive_root() -> Path:
    """The folder of the audit trail's archives."""
    return data_root() / "audit"


def keys_root() -> Path:
    """Where keys lie, apart from data and registry: ``CARREL_KEYS``, else ``/srv/keys``."""
    return Path(os.environ.get("CARREL_KEYS") or "/srv/keys")
