from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from provisioning.registry import database
from provisioning.registry.models import Account, AccountRole, Base, Membership, Project, ProjectStatus, Role

HEAD = database.newest()
UPGRADE = (
    "import sys, time; from provisioning.registry.database import upgrade; "
    "time.sleep(max(0, float(sys.argv[2]) - time.time())); upgrade(sys.argv[1])"
)


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def on_postgresql(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def test_the_migrations_make_the_models_checks_keys_and_partial_indexes(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    # What Alembic does not compare.
    modelled = create_engine(
        request.getfixturevalue("empty_postgresql") if on_postgresql(engine) else "sqlite://"
    )
    Base.metadata.create_all(modelled)
    assert len(Base.metadata.tables) == 20
    for table in Base.metadata.tables:
        for made in ("get_check_constraints", "get_foreign_keys", "get_pk_constraint"):
            migrated = getattr(inspect(engine), made)(table)
            assert sorted(map(str, migrated)) == sorted(map(str, getattr(inspect(modelled), made)(table)))
    assert indexes(engine) == indexes(modelled)
    modelled.dispose()


def test_the_gates_migration_keeps_grants_and_holds_what_no_gate_verified(tmp_path: Path) -> None:
    engine = database.engine(f"sqlite:///{tmp_path}/registry.sqlite")
    config = Config()
    config.set_main_option("script_location", "provisioning.registry:migrations")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO extracts (id, name, version, title_en, title_zh, digest, folder, manifest, status,"
                " registered) VALUES (7, 'bloods', 1, 'a', 'b', 'sha256:0', 'bloods/v1', '{}', 'verified',"
                " '2026-01-01 00:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO projects (name, title_en, title_zh, status, cpu, memory_bytes, pids, gpus, max_runs,"
                " created) VALUES ('heart', 'a', 'b', 'active', 1, 1073741824, 64, 0, 1, '2026-01-01 00:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO grants (project, extract_id, granted) VALUES ('heart', 7, '2026-01-01 00:00:00')"
            )
        )
    database.upgrade(f"sqlite:///{tmp_path}/registry.sqlite")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id, status FROM extracts")).all() == [(7, "held")]
        assert connection.execute(text("SELECT extract_id FROM grants")).all() == [(7,)]
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0006")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id, status FROM extracts")).all() == [(7, "withdrawn")]
    engine.dispose()


def indexes(on: Engine) -> list[tuple[str, str]]:
    with on.connect() as connection:
        if on_postgresql(on):
            query = (
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname"
            )
            known = connection.execute(text(query)).all()
            return [(name, sql) for name, sql in known if not name.startswith("alembic")]
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
        return [(name, sql) for name, sql in connection.execute(text(query))]


def test_two_processes_upgrade_at_once(empty_url: str) -> None:
    url = empty_url
    together = str(time.time() + 2)
    processes = [
        subprocess.Popen([sys.executable, "-c", UPGRADE, url, together], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    engine = database.engine(url)
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [HEAD]
    engine.dispose()


def test_a_stopped_upgrade_leaves_nothing_half(empty_url: str) -> None:
    url = empty_url
    engine = database.engine(url)
    # The last table's index is there already, so that the migration fails near its end.
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE blocker (a INTEGER)"))
        connection.execute(text("CREATE INDEX ix_runs_status_created ON blocker (a)"))
    with pytest.raises(Exception, match="already exists"):
        database.upgrade(url)
    assert set(inspect(engine).get_table_names()) <= {"blocker", "alembic_version"}
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE blocker"))
    database.upgrade(url)
    assert inspect(engine).has_table("runs")
    engine.dispose()


def test_a_registry_of_a_newer_version_is_refused(registry_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(database.RegistryUnavailable, match="newer Carrel"):
        database.upgrade(registry_url)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(database.RegistryUnavailable, match=r"absent does not exist.*CARREL_REGISTRY_URL"):
        database.engine(f"sqlite:///{tmp_path}/absent/registry.sqlite")


def test_sqlite_is_in_wal_with_foreign_keys(sqlite_engine: Engine) -> None:
    pragmas = {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000, "synchronous": 1}
    with sqlite_engine.connect() as connection:
        for name, value in pragmas.items():
            assert connection.scalar(text(f"PRAGMA {name}")) == value
    with Session(sqlite_engine) as session:
        session.add(Membership(project="absent", account="absent"))
        with pytest.raises(IntegrityError):
            session.commit()


def test_the_file_is_not_for_others(sqlite_engine: Engine, tmp_path: Path) -> None:
    sqlite_engine.connect().close()
    assert os.stat(tmp_path / "registry.sqlite").st_mode & 0o007 == 0


def test_the_database_refuses_a_role_that_is_none(engine: Engine) -> None:
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("INSERT INTO account_roles (account, role) VALUES ('xx', 'root')"))


def test_a_writing_session_keeps_other_writers_out_from_its_start(engine: Engine) -> None:
    with database.writing(engine) as session:
        session.connection()
        if on_postgresql(engine):
            with engine.connect() as other:
                free = text("SELECT pg_try_advisory_xact_lock(:key)")
                assert not other.scalar(free, {"key": database.WRITERS_LOCK})
            return
        with engine.connect() as other:
            other.exec_driver_sql("PRAGMA busy_timeout = 10")
            with pytest.raises(Exception, match="locked"):
                other.exec_driver_sql("DELETE FROM runs")


def test_writing_rolls_back_when_it_raises(engine: Engine) -> None:
    def interrupted() -> None:
        with database.writing(engine) as session:
            session.add(Account(name="li-wei", display_name="x", roles={Role.ANALYST}))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with Session(engine) as session:
        assert session.get(Account, "li-wei") is None


def test_moments_come_back_aware_and_naive_ones_are_refused(engine: Engine) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    with database.writing(engine) as session:
        session.add(Account(name="li-wei", display_name="x", roles={Role.ANALYST}, created=moment))
    with Session(engine) as session:
        account = session.get(Account, "li-wei")
        assert account is not None
        assert account.created == moment
        account.created = datetime(2026, 1, 1)
        with pytest.raises(Exception, match="has no time zone"):
            session.flush()


def upgrade_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", "provisioning.registry:migrations")
    made = database.engine(url)
    with made.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    made.dispose()


def test_accounts_and_projects_of_before_come_along(empty_url: str) -> None:
    upgrade_to(empty_url, "0002")
    old = database.engine(empty_url)
    with old.begin() as connection:
        for name, role in (("li-wei", "analyst"), ("zhao-lei", "admin")):
            connection.execute(
                text(
                    "INSERT INTO accounts VALUES (:name, 'x', :role, 'hash', 'active', '2026-01-02 03:04:05')"
                ),
                {"name": name, "role": role},
            )
        connection.execute(
            text(
                "INSERT INTO projects (name, title_en, title_zh, status, cpu, memory_bytes, pids, gpus, max_runs, "
                "created, display_bytes) "
                "VALUES ('heart', 'x', 'x', 'closed', 1, 1, 1, 0, 1, '2026-01-02 03:04:05', 7)"
            )
        )
        connection.execute(text("INSERT INTO memberships VALUES ('heart', 'li-wei', '2026-01-02 03:04:05')"))
    old.dispose()
    database.upgrade(empty_url)
    engine = database.engine(empty_url)
    with Session(engine) as session:
        accounts = {account.name: account for account in session.scalars(select(Account))}
        assert {name: set(account.roles) for name, account in accounts.items()} == {
            "li-wei": {Role.ANALYST},
            "zhao-lei": {Role.ADMIN},
        }
        assert accounts["li-wei"].password_hash == "hash"
        project = session.get(Project, "heart")
        assert project is not None
        assert (project.status, project.display_bytes, project.max_desks) == (ProjectStatus.CLOSED, 7, 20)
        assert session.get(Membership, ("heart", "li-wei")) is not None
        project.status = ProjectStatus.ARCHIVED
        session.commit()
        session.delete(project)
        with pytest.raises(IntegrityError):
            session.flush()
    engine.dispose()


def test_the_database_refuses_a_second_duty_that_nobody_allowed(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Account(name="zhao-lei", display_name="x", roles={Role.ADMIN, Role.ANALYST}))
        session.commit()
        session.add(AccountRole(account="zhao-lei", role=Role.AUDITOR))
        with pytest.raises(IntegrityError):
            session.flush()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_an_upgrade_by_root_locks_its_owner_out_of_nothing(tmp_path: Path) -> None:
    """As after a restore: root upgrades what the services' uid goes on with."""
    os.chown(tmp_path, 2010, 2010)
    database.upgrade(f"sqlite:///{tmp_path}/registry.sqlite")
    assert (tmp_path / "registry.sqlite.lock").stat().st_uid == 2010
