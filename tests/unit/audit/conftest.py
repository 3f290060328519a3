"""A registry with an empty trail, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from provisioning.registry import database


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An upgraded registry of each kind, and an empty keys folder; the settings name both."""
    if request.param == "postgresql":
        url = str(request.getfixturevalue("upgraded_postgresql"))
    else:
        url = f"sqlite:///{tmp_path}/registry.sqlite"
        database.upgrade(url)
    (tmp_path / "keys").mkdir(mode=0o700)
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    return url


@pytest.fixture
def engine(registry_url: str) -> Iterator[Engine]:
    made = database.engine(registry_url)
    yield made
    made.dispose()
