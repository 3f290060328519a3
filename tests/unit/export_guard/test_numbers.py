"""What a desk tells of its guard's work: each thing once, and what could not be told with the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from export_guard import numbers
from export_guard.budget import DisplayBudget
from export_guard.numbers import Numbers
from export_guard.portal_client import PortalAway


class Told:
    """A portal that keeps what it is told, or is away."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.away = False

    async def __call__(self, document: dict[str, Any]) -> dict[str, Any]:
        if self.away:
            raise PortalAway("status 502")
        self.documents.append(document)
        return {}

    def sum(self, name: str) -> int:
        return sum(each[name] for each in self.documents)


@pytest.fixture
def budget(tmp_path: Path) -> DisplayBudget:
    return DisplayBudget(bytes_shown=1000, cells_shown=100, file=str(tmp_path / "budget.sqlite"))


async def test_what_was_added_is_told_once(budget: DisplayBudget) -> None:
    made, told = Numbers(), Told()
    budget.spend(100, 3)
    made.filtered(2_500_000)
    made.filtered(500_000)
    await made.once(budget, told)
    assert told.documents == [
        {"shown_bytes": 100, "shown_cells": 3, "messages": 2, "filter_us": 3000, "budget_permille": 100}
    ]
    await made.once(budget, told)
    assert len(told.documents) == 1, "nothing is new"
    budget.spend(1500)
    await made.once(budget, told)
    assert (told.sum("shown_bytes"), told.documents[-1]["budget_permille"]) == (1600, 1600)


async def test_what_a_portal_that_is_away_did_not_get_is_told_with_the_next(budget: DisplayBudget) -> None:
    made, told = Numbers(), Told()
    told.away = True
    budget.spend(100)
    with pytest.raises(PortalAway):
        await made.once(budget, told)
    budget.spend(7)
    told.away = False
    await made.once(budget, told)
    assert told.sum("shown_bytes") == 107


async def test_a_share_that_stays_is_told_again_before_it_is_forgotten(budget: DisplayBudget) -> None:
    made, told = Numbers(), Told()
    for _ in range(numbers.AGAIN * 2 + 1):
        await made.once(budget, told)
    assert len(told.documents) == 3
    assert numbers.AGAIN * numbers.EVERY < 300


async def test_more_than_one_telling_may_hold_is_told_in_several(
    budget: DisplayBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "LARGEST", 60)
    made, told = Numbers(), Told()
    budget.spend(100)
    await made.once(budget, told)
    await made.once(budget, told)
    assert [each["shown_bytes"] for each in told.documents] == [60, 40]


async def test_the_desk_and_the_portal_agree_on_what_a_telling_holds(budget: DisplayBudget) -> None:
    from hub_config.portal.guard_numbers import BOUNDS  # noqa: PLC0415

    made, told = Numbers(), Told()
    await made.once(budget, told)
    assert set(told.documents[0]) == set(BOUNDS)
    assert min(BOUNDS.values()) == numbers.LARGEST_SHARE
    assert max(BOUNDS.values()) == numbers.LARGEST
