"""A PostgreSQL cluster of the tests' own, from Debian's packages, on a unix socket in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from provisioning.host import postgresql
from provisioning.registry import database


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[str]:
    """The URL of a running cluster's maintenance database."""
    binaries = postgresql.binaries()
    assert binaries is not None, "PostgreSQL is not installed: run `make postgresql`"
    # PostgreSQL refuses to run as root, and a socket's path holds 107 bytes.
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    folder = Path(tempfile.mkdtemp(prefix="cpg-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)

    def run(*command: str) -> None:
        who = {"user": user, "group": pwd.getpwnam(user).pw_gid} if os.geteuid() == 0 else {}
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, extra_groups=[], **who)

    data = str(folder / "data")
    run(str(binaries / "initdb"), "-D", data, "-U", "carrel", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
    run(str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    yield f"postgresql+psycopg://carrel@/postgres?host={folder}"
    run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def _new_database(postgresql_cluster: str) -> Callable[[str], str]:
    numbers = count(1)

    def new(template: str) -> str:
        name = f"t{next(numbers)}"
        engine = create_engine(postgresql_cluster, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        engine.dispose()
        return postgresql_cluster.replace("/postgres?", f"/{name}?")

    return new


@pytest.fixture(scope="session")
def _upgraded_template(_new_database: Callable[[str], str]) -> str:
    url = _new_database("template0")
    database.upgrade(url)
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture
def empty_postgresql(_new_database: Callable[[str], str]) -> str:
    """The URL of a database without tables."""
    return _new_database("template0")


@pytest.fixture
def upgraded_postgresql(_new_database: Callable[[str], str], _upgraded_template: str) -> str:
    """The URL of an upgraded registry, of which nobody else knows."""
    return _new_database(_upgraded_template)
