"""Where the registry is, how to open it, and how to bring it to this version's tables."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from provisioning.refusal import Refusal

DEFAULT_URL = "sqlite:////srv/registry/registry.sqlite"

# The time-out (milliseconds) first, since changing to WAL itself waits for a lock.
_PRAGMAS = ("busy_timeout = 5000", "journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL")
_ADVISORY_LOCK = 0x63617272656C  # "carrel": the PostgreSQL lock that upgrades take
WRITERS_LOCK = _ADVISORY_LOCK + 1  # what `writing` takes, as SQLite has one writer
_WRITING = "carrel_writing"


class RegistryUnavailable(Refusal):
    """The registry cannot be opened or upgraded."""


def registry_url() -> str:
    """The registry's address: ``CARREL_REGISTRY_URL``, else `DEFAULT_URL`."""
    return os.environ.get("CARREL_REGISTRY_URL") or DEFAULT_URL


def engine(url: str | None = None) -> Engine:
    """A SQLAlchemy engine on ``url`` (default: `registry_url`); SQLite in WAL mode with foreign keys on.

    Raises `RegistryUnavailable` when an SQLite file's folder does not exist or cannot be written.
    """
    address = make_url(url or registry_url())
    if address.get_backend_name() != "sqlite":
        return create_engine(address, pool_pre_ping=True)
    path = _sqlite_file(address.database)
    if path is not None and not path.parent.is_dir():
        raise RegistryUnavailable(
            "The registry's folder {folder} does not exist: create it, or set CARREL_REGISTRY_URL.",
            folder=path.parent,
        )
    if path is not None and not path.exists():
        _create(path)
    made = create_engine(address)
    event.listen(made, "connect", _set_pragmas)
    event.listen(made, "begin", _begin)
    return made


def sessions(on: Engine) -> sessionmaker[Session]:
    """Makes sessions whose objects stay readable after a commit."""
    return sessionmaker(on, expire_on_commit=False)


@contextmanager
def writing(on: Engine) -> Iterator[Session]:
    """A session that is the only one to write from its first statement; commits unless it raises.

    What it reads cannot be changed by another process before it writes. What it changes is on the
    audit trail, in the same transaction.
    """
    # Imported here: the trail is made of the registry's tables.
    from provisioning.audit.changes import watch  # noqa: PLC0415

    with sessions(on.execution_options(**{_WRITING: True})).begin() as session:
        if on.dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})
        watch(session)
        yield session


def upgrade(url: str | None = None) -> None:
    """Bring the registry to this version's tables; safe when several processes start at once.

    Raises `RegistryUnavailable` when a newer Carrel wrote the registry.
    """
    made = engine(url)
    if made.dialect.name == "sqlite":
        # A table is made anew to change its checks, and others point at it; the migrations look at the end.
        event.listen(made, "connect", _unset_foreign_keys)
    config = Config()
    config.set_main_option("script_location", "provisioning.registry:migrations")
    try:
        with _alone(made), made.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise RegistryUnavailable(
            "The registry cannot be upgraded ({reason}): a newer Carrel wrote it; install that version.",
            reason=error,
        ) from error
    finally:
        made.dispose()


def revisions(url: str | None = None) -> tuple[str | None, str | None]:
    """The migration that the registry is at, None for an empty one, and this version's last one."""
    made = engine(url)
    config = Config()
    config.set_main_option("script_location", "provisioning.registry:migrations")
    try:
        with made.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    finally:
        made.dispose()
    return current, newest()


def newest() -> str:
    """The newest migration that this version knows."""
    config = Config()
    config.set_main_option("script_location", "provisioning.registry:migrations")
    return str(ScriptDirectory.from_config(config).get_current_head())


def _sqlite_file(database: str | None) -> Path | None:
    return None if database in (None, "", ":memory:") else Path(str(database))


def _create(path: Path) -> None:
    # Password hashes will be in it: owner and group only, whatever the umask allows others.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o660))
    except OSError as error:
        raise RegistryUnavailable(
            "The registry {file} cannot be made: {reason}. Give this account the right to, "
            "or set CARREL_REGISTRY_URL.",
            file=path,
            reason=error.strerror,
        ) from error


def _set_pragmas(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    # The driver must not begin transactions by itself: `_begin` does, and for DDL too.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _unset_foreign_keys(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.close()


def _begin(connection: Connection) -> None:
    writing_now = connection.get_execution_options().get(_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing_now else "BEGIN")


@contextmanager
def _alone(on: Engine) -> Iterator[None]:
    """Hold the lock under which one process at a time upgrades."""
    path = _sqlite_file(on.url.database) if on.dialect.name == "sqlite" else None
    if path is not None:
        with open(f"{path}.lock", "w") as lock:
            if os.geteuid() == 0:
                # As SQLite does with its own files: what root opens stays the database's owner's.
                folder = os.stat(os.path.dirname(path) or ".")
                os.fchown(lock.fileno(), folder.st_uid, folder.st_gid)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    elif on.dialect.name == "postgresql":
        with on.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield
    else:
        yield
