"""A copy of the registry as it is at one moment, while others write to it; and putting one back.

SQLite copies itself (``VACUUM INTO``, which holds a read transaction that no writer waits for);
PostgreSQL's own ``pg_dump`` and ``pg_restore`` do it there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import URL, inspect, make_url

from provisioning.refusal import Refusal
from provisioning.registry import database

SQLITE_MEMBER = "registry/registry.sqlite"
POSTGRESQL_MEMBER = "registry/registry.pgdump"


def sqlite_file(url: str) -> Path | None:
    """The registry's file; None where it is no SQLite database."""
    address = make_url(url)
    return Path(str(address.database)) if address.get_backend_name() == "sqlite" else None


def member(url: str) -> str:
    """The name of the copy in an archive."""
    return POSTGRESQL_MEMBER if sqlite_file(url) is None else SQLITE_MEMBER


def copy(url: str, target: Path) -> os.stat_result:
    """Write the copy to ``target``, which must not exist; returns whose it shall be, and its mode.

    Raises `Refusal`.
    """
    source = sqlite_file(url)
    if source is None:
        _postgresql("pg_dump", url, "--format=custom", f"--file={target}")
        return target.stat()
    if not source.exists():
        raise Refusal("There is no registry {file} to back up.", file=source)
    try:
        connection = sqlite3.connect(f"file:{_quoted(source)}?mode=rw", uri=True, timeout=30)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise Refusal("The registry cannot be copied ({reason}). Try again.", reason=error) from error
    check(target)
    return source.stat()


def check(copied: Path) -> None:
    """Raise `Refusal` unless the copy is a whole SQLite database."""
    try:
        connection = sqlite3.connect(f"file:{_quoted(copied)}?mode=ro&immutable=1", uri=True)
        try:
            said = connection.execute("PRAGMA integrity_check").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        said = (str(error),)
    if said != ("ok",):
        raise Refusal(
            "The registry's copy is damaged ({reason}). See to the disk, then try again.", reason=said[0]
        )


def is_empty(url: str) -> bool:
    """Whether there is no registry yet."""
    source = sqlite_file(url)
    if source is not None:
        return not source.exists()
    engine = database.engine(url)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def put(url: str, dump: Path) -> None:
    """Fill an empty PostgreSQL database from ``dump``, wholly or not at all. Raises `Refusal`."""
    name = make_url(url).database or ""
    _postgresql("pg_restore", url, "--single-transaction", "--exit-on-error", f"--dbname={name}", str(dump))


def _postgresql(program: str, url: str, *arguments: str) -> None:
    if shutil.which(program) is None:
        raise Refusal("{program} is not installed here. Install postgresql-client.", program=program)
    try:
        done = subprocess.run(  # noqa: S603
            [program, "--no-owner", "--no-privileges", "--no-password", *arguments],
            env=_environment(make_url(url)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise Refusal(
            "{program} cannot be started: {reason}.", program=program, reason=error.strerror
        ) from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or [str(done.returncode)]
        raise Refusal("{program} failed: {reason}.", program=program, reason=said[-1])


def _environment(address: URL) -> dict[str, str]:
    """libpq's variables: an argument list would show the password to everybody on the machine."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in address.query.items()}
    said = {
        "PGHOST": address.host or query.get("host"),
        "PGPORT": str(address.port) if address.port else query.get("port"),
        "PGUSER": address.username,
        "PGPASSWORD": str(address.password) if address.password else None,
        "PGDATABASE": address.database,
        "PGSSLMODE": query.get("sslmode"),
        "PGSSLROOTCERT": query.get("sslrootcert"),
    }
    return {**os.environ, **{name: value for name, value in said.items() if value}}


def _quoted(path: Path) -> str:
    """A path inside an SQLite URI."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
