"""A desk is its owner's: anybody else is refused, and on record."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from export_guard.desk import SETTING
from export_guard.sessions import Sessions
from export_guard.visitors import OwnerOnly


@pytest.fixture
def asked():
    visits: list[tuple[str, bool]] = []
    emitter = SimpleNamespace(visitor=lambda *, name, admitted: visits.append((name, admitted)))
    handler = SimpleNamespace(
        settings={SETTING: SimpleNamespace(emitter=emitter, sessions=Sessions())},
        request=SimpleNamespace(method="GET"),
    )

    def ask(name: str, **options) -> tuple[bool, list[tuple[str, bool]]]:
        authorizer = OwnerOnly(owner="lin", **options)
        answers = {
            authorizer.is_authorized(handler, SimpleNamespace(username=name), "read", "contents")
            for _ in range(3)
        }
        return answers == {True}, visits

    return ask


def test_the_owner_works_and_makes_no_event(asked):
    assert asked("lin") == (True, [])


@pytest.mark.parametrize("name", ["zhao-lei", "", "Lin", "lin "])
def test_anybody_else_is_refused_and_recorded_once(asked, name):
    assert asked(name) == (False, [(name, False)])


def test_a_visitor_whom_the_site_admits_is_recorded(asked):
    assert asked("zhao-lei", admits_others=True) == (True, [("zhao-lei", True)])


def test_a_running_desk_asks_it(desk):
    """The desk's own server holds to it: the test's token is the owner's, and works."""
    assert desk.request("GET", "api/contents/").status_code == 200
    assert desk.request("GET", "api/kernels").status_code == 200
