"""What is typed counts once; a file in cells does not come in."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from export_guard.typed import TypedBudget


@pytest.fixture
def budget(tmp_path):
    return TypedBudget(file=str(tmp_path / "budget.sqlite"), bytes_typed=10_000)


def spent(budget: TypedBudget) -> int:
    return budget.typed.totals[0]


def test_a_line_counts_once(budget):
    assert budget.takes(["import pandas\ndf.head()"])
    first = spent(budget)
    assert first == len("import pandas") + len("df.head()")
    assert budget.takes(["df.head()\nimport pandas"])
    assert spent(budget) == first


def test_of_a_changed_line_what_changed_counts(budget):
    budget.takes(["x = 1\nmodel = fit(data, alpha=0.1, penalty='l2')"])
    before = spent(budget)
    budget.takes(["x = 1\nmodel = fit(data, alpha=0.25, penalty='l2')"])
    assert 1 <= spent(budget) - before <= 3


def test_typing_a_line_letter_by_letter_costs_about_the_line(budget):
    line = "frame.groupby('grade').agg({'recurrence': 'mean'})"
    for length in range(1, len(line) + 1):
        assert budget.takes([line[:length]])
    assert spent(budget) <= 2 * len(line)


def test_a_file_in_cells_is_met_and_counts_only_as_far_as_it_came(budget):
    parts = [base64.b64encode(random.Random(n).randbytes(2250)).decode() for n in range(9)]
    taken = [budget.takes([f"into.write('{part}')"]) for part in parts]
    assert taken == [True] * 3 + [False] * 6
    assert spent(budget) <= 10_000
    assert budget.takes(["print(1)"])


def test_what_was_shown_is_free_and_what_is_on_the_disk_is_asked_only_for_much(budget):
    long = "y" * 9_000
    budget.note([long])
    assert budget.takes([long])
    assert spent(budget) == 0
    asked = []
    assert budget.takes(["short"], lambda: asked.append(1) or [])
    assert not asked
    other = "z" * 20_000
    assert budget.takes([other], lambda: [other])
    assert spent(budget) == len("short")


def test_what_was_typed_is_known_after_a_restart_and_forgotten_after_the_window(tmp_path):
    now = [1_000_000.0]
    make = lambda: TypedBudget(clock=lambda: now[0], file=str(tmp_path / "b"), bytes_typed=100, window=3600)  # noqa: E731
    assert make().takes(["a" * 90])
    again = make()
    assert not again.takes(["b" * 20])
    now[0] += 3700
    assert again.takes(["b" * 20])


@given(st.lists(st.text(max_size=40), max_size=8), st.lists(st.text(max_size=40), max_size=8))
def test_no_more_counts_than_was_typed_and_again_it_is_free(tmp_path_factory, first, second):
    budget = TypedBudget(file=str(tmp_path_factory.mktemp("typed") / "b"))
    for texts in (first, second):
        before = spent(budget)
        assert budget.takes(texts)
        assert (
            0 <= spent(budget) - before <= sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        )
    before = spent(budget)
    assert budget.takes(second)
    assert spent(budget) == before
