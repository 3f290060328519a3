"""Fixtures that every kind of test shares."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.audit import actor

pytest_plugins = ["site_fixtures", "postgresql_fixtures"]

ROOT = Path(__file__).resolve().parents[1]
"""The repository."""


@pytest.fixture(autouse=True)
def _this_process_is_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hub or portal of an earlier test said of this process is over."""
    monkeypatch.setattr(actor, "_process", ["command"])


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """A temporary folder with a short path: a unix socket's may hold 107 bytes."""
    folder = Path("/tmp") / f"ct-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
