"""A manager over an empty workspace, and a folder outside that must stay as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from contents_support import make_manager

from export_guard.contents.manager import GuardedContentsManager


@pytest.fixture
def manager(tmp_path: Path) -> GuardedContentsManager:
    return make_manager(tmp_path)


@pytest.fixture
def workspace(tmp_path: Path, manager: GuardedContentsManager) -> Path:
    return tmp_path / "workspace"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    made = tmp_path / "outside"
    made.mkdir()
    return made
