"""A filled site, empty ones, and where archives and keys go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from backup_site import empty_site, fill

from provisioning.backup.places import Places


@pytest.fixture
def make_site(tmp_path: Path) -> Callable[[str], Places]:
    return lambda name: empty_site(tmp_path / name)


@pytest.fixture
def site(make_site: Callable[[str], Places]) -> Places:
    made = make_site("site")
    fill(made)
    return made


@pytest.fixture
def shelf(tmp_path: Path) -> tuple[Path, Path]:
    """Where archives and keys go."""
    for name in ("archives", "sealed"):
        (tmp_path / name).mkdir()
    return tmp_path / "archives", tmp_path / "sealed"
