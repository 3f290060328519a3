"""The display budget: a sliding window that survives restarts, warns, and withholds."""

from __future__ import annotations

from pathlib import Path

import pytest

from export_guard.budget import DisplayBudget, Level


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(tmp_path: Path, clock: Clock, crossed=lambda _: None) -> DisplayBudget:
    return DisplayBudget(
        crossed,
        clock,
        file=str(tmp_path / "home/budget.sqlite"),
        bytes_shown=1000,
        cells_shown=100,
        window=3600,
    )


def test_it_warns_once_at_four_fifths_and_once_past_the_end(tmp_path, clock):
    said: list[Level] = []
    budget = make(tmp_path, clock, said.append)
    for _ in range(9):
        budget.spend(100)
    assert said == [Level.WARNING]
    assert budget.allows()
    budget.spend(99)
    assert budget.allows()
    budget.spend(1)
    assert not budget.allows()
    budget.spend(500)
    assert said == [Level.WARNING, Level.SPENT]


def test_cells_count_by_themselves(tmp_path, clock):
    budget = make(tmp_path, clock)
    budget.spend(1, 100)
    assert not budget.allows()


def test_what_was_shown_a_window_ago_is_forgotten_bit_by_bit(tmp_path, clock):
    budget = make(tmp_path, clock)
    budget.spend(600)
    clock.now += 1800
    budget.spend(600)
    assert not budget.allows()
    clock.now += 1799
    assert not budget.allows()
    clock.now += 30
    assert budget.allows()
    assert budget.report()["bytes"] == 600


def test_a_desk_that_restarts_goes_on_counting(tmp_path, clock):
    make(tmp_path, clock).spend(950, 10)
    again = make(tmp_path, clock)
    assert again.report() == {
        "bytes": 950,
        "limit_bytes": 1000,
        "cells": 10,
        "limit_cells": 100,
        "window_seconds": 3600,
    }
    again.spend(50)
    assert not again.allows()
    assert not make(tmp_path, clock).allows()


def test_a_clock_that_is_set_back_gives_nothing_away(tmp_path, clock):
    budget = make(tmp_path, clock)
    budget.spend(1000)
    clock.now -= 100_000
    assert not budget.allows()
    assert not make(tmp_path, clock).allows()


def test_the_projects_own_budget_goes_before_the_desks(tmp_path, clock, monkeypatch):
    monkeypatch.setenv("CARREL_DISPLAY_BYTES", "50")
    monkeypatch.setenv("CARREL_DISPLAY_CELLS", "nonsense")
    budget = make(tmp_path, clock)
    assert (budget.limit_bytes, budget.limit_cells) == (50, 100)


def test_nothing_shown_costs_nothing(tmp_path, clock):
    budget = make(tmp_path, clock)
    budget.spend(0, 0)
    assert budget.report()["bytes"] == 0
