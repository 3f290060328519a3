"""A hostile engine by itself, and one real desk before it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from applications_engine import Engine

sys.path.append(str(Path(__file__).parents[1] / "export_guard"))
from desk_process import Desk, start_desk, stop_desk

# Loaded before the guard's extensions, in the order of their names.
SETTINGS = """
def _jupyter_server_extension_points():
    return [{{"module": "aa_applications"}}]


def _load_jupyter_server_extension(server):
    server.config.ApplicationSettings.sockets = {sockets!r}
    server.config.ApplicationSettings.seconds = 1.0
    server.config.ApplicationSettings.starting = 0.3
"""


@pytest.fixture
def engine(short_tmp: Path) -> Iterator[Engine]:
    made = Engine(short_tmp)
    yield made
    made.close()


@pytest.fixture(scope="module")
def before_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Desk, Path]]:
    """A desk, and the folder where its engine's sockets belong."""
    folder = tmp_path_factory.mktemp("d")
    sockets = Path("/tmp", f"cs-{folder.parent.name[-4:]}-{id(folder) % 10000}")
    sockets.mkdir()
    (folder / "aa_applications.py").write_text(SETTINGS.format(sockets=str(sockets)))
    running, hub = start_desk(folder, extensions={"aa_applications": True}, python_path=str(folder))
    yield running, sockets
    stop_desk(running, hub)
    for left in sockets.iterdir():
        left.unlink()
    sockets.rmdir()


@pytest.fixture
def served(before_desk: tuple[Desk, Path]) -> Iterator[tuple[Desk, Engine]]:
    desk, sockets = before_desk
    for left in sockets.iterdir():
        left.unlink()
    engine = Engine(sockets)
    yield desk, engine
    engine.close()
