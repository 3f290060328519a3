"""Several processes write at once and are killed in the midst of it: the chain stays whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import Engine, func, select

from provisioning.audit.chain import GENESIS, canonical
from provisioning.audit.verify import verify
from provisioning.registry import database
from provisioning.registry.models import AuditRecord

WRITER = """
import random, sys, time
from provisioning.registry import database, events
engine = database.engine(sys.argv[1])
while True:
    events.note(engine, source="hub", user=sys.argv[2], project="heart", kind="desk-started")
    time.sleep(random.random() / 500)
"""


def count(engine: Engine) -> int:
    with database.sessions(engine)() as session:
        return session.scalar(select(func.count()).select_from(AuditRecord)) or 0


def users(engine: Engine, after: int) -> set[str]:
    with database.sessions(engine)() as session:
        return set(session.scalars(select(AuditRecord.user).where(AuditRecord.number > after)))


def test_killed_writers_leave_a_whole_chain(engine: Engine, registry_url: str) -> None:
    before = 0
    for _ in range(3):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, registry_url, f"w{place}"]) for place in range(3)
        ]
        try:
            until = time.monotonic() + 60
            while (
                count(engine) < before + 60 or len(users(engine, before)) < 2
            ) and time.monotonic() < until:
                time.sleep(0.05)
        finally:
            for writer in writers:
                writer.send_signal(signal.SIGKILL)
                writer.wait()
        with database.sessions(engine)() as session:
            whole = verify(session).records
        assert whole >= before + 60
        assert len(users(engine, before)) > 1, "more than one got to write"
        before = whole


def test_an_empty_trail_is_whole(engine: Engine) -> None:
    with database.sessions(engine)() as session:
        assert verify(session).hash == GENESIS


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    assert canonical({"b": [1, True, None], "a": '\u20ac$\u000f\nA\'B"\\"/é'}) == (
        '{"a":"€$\\u000f\\nA\'B\\"\\\\\\"/é","b":[1,true,null]}'
    )
    for wrong in (1.5, "\ud800", {"é": 1}, {1: 2}, 2**53 + 1, b"", {"a": [float("nan")]}):
        with pytest.raises(ValueError):  # noqa: PT011
            canonical(wrong)
