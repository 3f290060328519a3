"""A project that ended, in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ended_project import Ended, make


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ended]:
    monkeypatch.setenv("CARREL_REGISTRY_URL", f"sqlite:///{tmp_path}/registry.sqlite")
    monkeypatch.setenv("CARREL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("CARREL_ACTOR", "zhao-lei")
    # Nothing is asked of a Docker that runs beside the tests.
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")
    made = make(tmp_path)
    yield made
    made.engine.dispose()
