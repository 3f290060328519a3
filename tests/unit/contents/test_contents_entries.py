"""Names, times and sizes in listings count on the display budget, and end with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from export_guard.budget import DisplayBudget
from export_guard.contents.descriptors import FILE, Entry
from export_guard.contents.entries_shown import ALLOWANCE, ATTRIBUTES, EntriesShown
from export_guard.contents.manager import GuardedContentsManager

ENTRY = Entry("results.csv", FILE, 10, 1.0, 1.0, True)


@pytest.fixture
def budget(tmp_path):
    return DisplayBudget(file=str(tmp_path / "budget" / "b.sqlite"), bytes_shown=1000)


def test_an_entry_counts_once_and_its_times_when_they_change(budget):
    shown = EntriesShown()
    for _ in range(3):
        assert shown.of("a", [ENTRY], budget) == [ENTRY]
    assert budget.totals[0] == len(ENTRY.name) + ATTRIBUTES
    shown.of("a", [replace(ENTRY, modified=2.0)], budget)
    assert budget.totals[0] == len(ENTRY.name) + 2 * ATTRIBUTES
    shown.of("b", [ENTRY], budget)
    assert budget.totals[0] == 2 * len(ENTRY.name) + 3 * ATTRIBUTES


def test_past_the_budget_little_that_is_new_is_shown(budget):
    shown = EntriesShown()
    shown.of("", [ENTRY], budget)
    budget.spend(1000)
    new = [replace(ENTRY, name=f"{number:0240}") for number in range(200)]
    kept = shown.of("", new, budget)
    assert 0 < len(kept) <= ALLOWANCE // 240
    assert shown.of("", [replace(ENTRY, name="n" * 250)], budget) == []
    # What was shown stays, as it was shown.
    changed = replace(ENTRY, modified=9.0, size=99, writable=False)
    assert shown.of("", [changed], budget) == [replace(ENTRY, writable=False)]


def test_a_window_later_the_allowance_is_whole_again(tmp_path):
    now = [1_000_000.0]
    budget = DisplayBudget(clock=lambda: now[0], file=str(tmp_path / "b"), bytes_shown=1000, window=3600)
    shown = EntriesShown()
    budget.spend(1000)
    while shown.of("", [replace(ENTRY, name=f"{len(shown._known):0240}")], budget):
        pass
    now[0] += 3700
    assert shown.of("", [replace(ENTRY, name="later")], budget)


async def test_the_manager_leaves_names_out_and_hides_times(tmp_path):
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    manager = GuardedContentsManager(root_dir=str(workspace))
    manager.budget = DisplayBudget(file=str(tmp_path / "b.sqlite"), bytes_shown=1000)
    manager.budget.spend(1000)
    for number in range(100):
        (workspace / f"{number:0200}").write_text("x")
    listing = await manager.get("")
    assert 0 < len(listing["content"]) < 60
    assert not listing["whole"]
    left_out = await manager.get(f"{99:0200}", content=False)
    assert left_out["size"] == 0
    assert left_out["last_modified"].year == 1970
