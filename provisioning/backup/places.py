"""Where a site keeps what is backed up, as the process that copies it sees it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from provisioning.registry.database import registry_url
from provisioning.settings import data_root, keys_root

STAGING = ".restoring"
"""What a restore is making, in each place, until it is whole. No backup takes it."""


@dataclass(frozen=True)
class Places:
    """The places of one site.

    Attributes
    ----------
    registry
        The registry's SQLAlchemy URL.
    data
        Extracts, templates, workspaces, runs, desks' homes, the airlock.
    keys
        What must never lie beside the data.
    config
        The admin's own ``jupyterhub_config.py``; may be missing.
    """

    registry: str
    data: Path
    keys: Path
    config: Path


def of_settings() -> Places:
    """As ``CARREL_REGISTRY_URL``, ``CARREL_DATA``, ``CARREL_KEYS`` and ``CARREL_CONFIG`` say."""
    config = Path(os.environ.get("CARREL_CONFIG") or "/etc/carrel")
    return Places(registry_url(), data_root(), keys_root(), config)
