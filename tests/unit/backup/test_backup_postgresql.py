"""The registry in PostgreSQL: dumped and put back by its own programs, wholly or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from backup_site import fill, snapshot

from provisioning.backup import create, registry, restore
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.models import Account

BIN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
pytestmark = pytest.mark.skipif(not BIN or os.geteuid() != 0, reason="needs Debian's postgresql and root")


@pytest.fixture
def server(short_tmp: Path) -> Iterator[str]:
    """A server of the test's own on a unix socket; its URL with ``{}`` for the database."""
    shutil.chown(short_tmp, "postgres")
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(*command: str) -> None:
        subprocess.run([*as_postgres, *command], check=True, capture_output=True, cwd=short_tmp)

    run(f"{BIN[0]}/initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "--pgdata", f"{short_tmp}/d")
    options = f"-c listen_addresses= -c unix_socket_directories={short_tmp} -c fsync=off"
    control = [f"{BIN[0]}/pg_ctl", "--pgdata", f"{short_tmp}/d", "--wait", "--log", f"{short_tmp}/log"]
    run(*control, "--options", options, "start")
    try:
        for name in ("one", "two"):
            run("createdb", "--host", str(short_tmp), name)
        yield f"postgresql+psycopg://postgres@/{{}}?host={short_tmp}"
    finally:
        run(*control, "--mode=immediate", "stop")


def test_a_registry_in_postgresql_comes_back(server, make_site, tmp_path):
    first = replace(make_site("first"), registry=server.format("one"))
    fill(first)
    made = create.backup(first, tmp_path / "b.tar.gz", keys_to=None, secret=None, site="c", version="1")
    second = replace(make_site("second"), registry=server.format("two"))
    restore.restore(second, made.archive, None)
    engine = database.engine(second.registry)
    with database.sessions(engine)() as session:
        assert [account.display_name for account in session.query(Account)] == ["李伟"]
    engine.dispose()
    assert {k: v for k, v in snapshot(second).items() if not k.startswith("keys")} == {
        k: v for k, v in snapshot(first).items() if not k.startswith("keys")
    }
    with pytest.raises(Refusal, match="not empty"):
        restore.restore(replace(make_site("third"), registry=server.format("two")), made.archive, None)
    with pytest.raises(Refusal, match="another database"):
        restore.restore(make_site("fourth"), made.archive, None)


def test_a_password_is_in_no_argument_list(monkeypatch, tmp_path):
    program = tmp_path / "bin/pg_dump"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said; echo "$PGPASSWORD" > {tmp_path}/secret\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    with pytest.raises(FileNotFoundError):  # this pg_dump dumps nothing
        registry.copy("postgresql+psycopg://u:s3cret-word@db:5432/carrel", tmp_path / "dump")
    assert "s3cret-word" not in (tmp_path / "said").read_text()
    assert (tmp_path / "secret").read_text() == "s3cret-word\n"
