"""Whoever may write the database changes, removes, puts in, moves or cuts off records: each is found."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from old_trail import lift
from sqlalchemy import Engine, text

from provisioning.audit import keys, trail
from provisioning.audit.heads import Head, sign_head
from provisioning.audit.verify import TrailBroken, verify
from provisioning.registry import database
from provisioning.registry.columns import utc_now

plain = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
names = st.text("abcxyz", min_size=1, max_size=8)
numbers = st.integers(0, 2**53)
details = st.fixed_dictionaries({}, optional={"size": numbers, "route": plain.filter(bool)})
trails = st.lists(st.tuples(plain, names, details), min_size=3, max_size=8)
several = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def begin(engine: Engine, made: list[tuple[str, str, dict[str, Any]]]) -> tuple[list[Head], dict[str, Any]]:
    """A new trail, signed; its head and the key that holds."""
    with engine.begin() as connection:
        lift(connection)
        connection.execute(text("DELETE FROM audit_records"))
        connection.execute(text("DELETE FROM audit_heads"))
    key = keys.signing_key()
    with database.writing(engine) as session:
        trail.append(session, [row(*each) for each in made])
        head = sign_head(session, key)
    return [head], {head.key: key.public_key()}


def row(user: str, project: str, detail: dict[str, Any]) -> dict[str, Any]:
    said = {"source": "hub", "kind": "denied", "time": utc_now(), "id": uuid4().hex}
    return {**said, "user": user, "project": project, "detail": detail}


def broken(engine: Engine, signed: list[Head], known: dict[str, Any]) -> int:
    with database.sessions(engine)() as session, pytest.raises(TrailBroken) as found:
        verify(session, signed, known)
    return found.value.number


def run(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


@given(made=trails)
@several
def test_a_trail_that_nobody_touched_is_whole(engine: Engine, made: list[Any]) -> None:
    signed, known = begin(engine, made)
    with database.sessions(engine)() as session:
        verified = verify(session, signed, known)
    assert (verified.records, verified.hash) == (len(made), signed[0].hash)


COLUMNS = (
    "id",
    "source",
    '"user"',
    "project",
    "extract",
    "kind",
    "time",
    "received",
    "detail",
    "prev",
    "hash",
)


@given(made=trails, place=st.integers(0), column=st.sampled_from(COLUMNS))
@several
def test_a_change_is_found_at_its_record(engine: Engine, made: list[Any], place: int, column: str) -> None:
    signed, known = begin(engine, made)
    number = place % len(made) + 1
    value = {"time": "'2001-02-03 04:05:06.000007'", "received": "'2001-02-03 04:05:06.000007'"}
    value["detail"] = """'{"other": 1}'"""
    run(
        engine,
        f"UPDATE audit_records SET {column} = {value.get(column, chr(39) + 'zz' + chr(39))} WHERE number = {number}",
    )
    assert broken(engine, signed, known) == number


@given(made=trails, place=st.integers(0))
@several
def test_a_removal_is_found_where_it_was(engine: Engine, made: list[Any], place: int) -> None:
    signed, known = begin(engine, made)
    number = place % (len(made) - 1) + 1
    run(engine, f"DELETE FROM audit_records WHERE number = {number}")
    assert broken(engine, signed, known) == number
    # With the numbers closed up, the next one no longer hashes to what it says.
    for later in range(number + 1, len(made) + 1):
        run(engine, f"UPDATE audit_records SET number = number - 1 WHERE number = {later}")
    assert broken(engine, signed, known) == number


@given(made=trails, place=st.integers(0))
@several
def test_one_put_in_is_found(engine: Engine, made: list[Any], place: int) -> None:
    signed, known = begin(engine, made)
    number = place % len(made) + 1
    for later in range(len(made), number - 1, -1):
        run(engine, f"UPDATE audit_records SET number = number + 1 WHERE number = {later}")
    columns = 'time, received, source, "user", project, extract, kind, detail, prev, hash'
    run(
        engine,
        f"INSERT INTO audit_records (number, id, {columns}) "
        f"SELECT {number}, 'put-in', {columns} FROM audit_records WHERE number = {number + 1}",
    )
    assert broken(engine, signed, known) == number


@given(made=trails, places=st.tuples(st.integers(0), st.integers(1)))
@several
def test_two_that_change_places_are_found(engine: Engine, made: list[Any], places: tuple[int, int]) -> None:
    signed, known = begin(engine, made)
    first = places[0] % len(made) + 1
    second = (first - 1 + 1 + places[1] % (len(made) - 1)) % len(made) + 1
    for before, after in ((first, -1), (second, first), (-1, second)):
        run(engine, f"UPDATE audit_records SET number = {after} WHERE number = {before}")
    assert broken(engine, signed, known) == min(first, second)


@given(made=trails, left=st.integers(0))
@several
def test_an_end_that_is_cut_off_is_found_by_a_signed_head(engine: Engine, made: list[Any], left: int) -> None:
    signed, known = begin(engine, made)
    left %= len(made)
    run(engine, f"DELETE FROM audit_records WHERE number > {left}")
    assert broken(engine, signed, known) == left + 1


@given(made=trails)
@several
def test_a_trail_made_anew_is_not_the_one_that_was_signed(engine: Engine, made: list[Any]) -> None:
    signed, known = begin(engine, made)
    begin(engine, made)
    assert broken(engine, signed, known) == len(made)


def test_a_head_of_another_key_does_not_hold(engine: Engine) -> None:
    signed, known = begin(engine, [("a", "b", {})])
    forged = Head(**{**signed[0].__dict__, "hash": "0" * 64})
    assert broken(engine, [forged], known) == 1
    assert broken(engine, signed, {}) == 1


@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = ''", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["audit_records", "audit_heads"])
def test_the_database_refuses_changes_and_removals(engine: Engine, statement: str, table: str) -> None:
    key = keys.signing_key()
    with database.writing(engine) as session:
        trail.append(session, [row("a", "b", {})])
        sign_head(session, key)
    with pytest.raises(Exception, match="only added to"):
        run(engine, statement.format(table))
