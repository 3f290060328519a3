"""One stock server and one Carrel desk for all channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from site_fixtures import make_project

from bench.stock.site import StockSite
from tests.redteam import channel
from tests.redteam.browsing import Chromium
from tests.redteam.outside import Outside
from tests.redteam.targets import CarrelTarget, StockTarget, Target, closing


@pytest.fixture(scope="session")
def outside() -> Iterator[Outside]:
    with Outside() as listener:
        yield listener


@pytest.fixture(scope="session")
def redteam_chromium() -> Iterator[Chromium]:
    chromium = Chromium()
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def stock(outside: Outside, redteam_chromium: Chromium) -> Iterator[Target]:
    with StockSite() as site, closing(StockTarget(site, "ann", outside, redteam_chromium)) as target:
        yield target


@pytest.fixture(scope="session")
def carrel(outside: Outside, redteam_chromium: Chromium, running_site, engine_api) -> Iterator[Target]:
    projects = make_project.__wrapped__(running_site, engine_api)
    make: Callable = next(projects)
    try:
        with closing(CarrelTarget(make, outside, redteam_chromium)) as target:
            yield target
    finally:
        next(projects, None)


@pytest.fixture
def target(request: pytest.FixtureRequest, side: str) -> Target:
    """The side that a test is about."""
    return request.getfixturevalue(side)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "each" in metafunc.fixturenames:
        channels = channel.load()
        metafunc.parametrize("each", channels, ids=[each.id for each in channels])
