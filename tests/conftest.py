"""Fixtures that every kind of test shares."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["site_fixtures", "postgresql_fixtures"]

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A temporary folder with a short path: a unix socket's may hold 107 bytes."""
    folder = Path("/tmp") / f"ct-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
