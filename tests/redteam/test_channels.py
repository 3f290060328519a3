"""Each channel on both sides: a stock site leaks, Carrel does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.redteam.channel import Channel
from tests.redteam.evidence import arrived
from tests.redteam.targets import Target
from tests.redteam.wire import GONE

pytestmark = pytest.mark.site


@pytest.mark.parametrize("side", ["stock", "carrel"])
def test_channel(
    each: Channel, side: str, target: Target, record_property: Callable[[str, object], None]
) -> None:
    leaked = run(each, target)
    record_property("redteam", [each.id, side, leaked])
    if side == "carrel":
        assert not leaked, f"{each.title}: it got through; meant to close it: {each.closed_by}"
    elif each.stock:
        assert not leaked, f"a stock site leaks by {each.id}, too: take away what says that it is closed"
    else:
        assert leaked, f"the attack on {each.id} does not work on a stock site, so it proves nothing"


def run(each: Channel, target: Target) -> bool:
    """Whether the secret of ``each`` crosses the wall of ``target``."""
    if each.stage:
        target.plant()
    if each.stage == 3:
        target.tighten()
    target.repair()
    secret = target.secret(each.id, each.size)
    if each.direction != "in":
        target.hold_secret(each.id, each.size)
    try:
        return arrived(secret, each.attack(target, secret))
    except GONE:
        return False  # a server that hangs up has passed nothing on
