"""A registry with an empty trail, on SQLite and, where its programs are installed, on PostgreSQL."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from sqlalchemy import Engine

from provisioning.registry import database

PROGRAMS = Path("/usr/lib/postgresql/15/bin")


def as_postgres(*command: str) -> None:
    subprocess.run(["runuser", "-u", "postgres", "--", *command], check=True, capture_output=True, cwd="/")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A server of its own on a unix socket; its URL without the database."""
    if not (PROGRAMS / "initdb").exists():
        pytest.skip("PostgreSQL is not installed")
    folder = Path(mkdtemp(prefix="pg"))
    shutil.chown(folder, "postgres", "postgres")
    data = str(folder / "data")
    as_postgres(f"{PROGRAMS}/initdb", "-D", data, "-A", "trust", "--no-sync")
    options = f"-k {folder} -h '' -c fsync=off"
    try:
        as_postgres(f"{PROGRAMS}/pg_ctl", "-D", data, "-o", options, "-l", f"{folder}/log", "-w", "start")
        yield f"postgresql+psycopg://postgres@/{{database}}?host={folder}"
    finally:
        subprocess.run(
            ["runuser", "-u", "postgres", "--", f"{PROGRAMS}/pg_ctl", "-D", data, "-m", "immediate", "stop"],
            check=False,
            capture_output=True,
            cwd="/",
        )
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def registry_url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/registry.sqlite"
    else:
        server = request.getfixturevalue("postgresql")
        admin = database.engine(server.format(database="postgres"))
        name = f"t{abs(hash(str(tmp_path)))}"
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
        url = server.format(database=name)
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    database.upgrade(url)
    return url


@pytest.fixture
def engine(registry_url: str) -> Iterator[Engine]:
    made = database.engine(registry_url)
    yield made
    made.dispose()
