"""One notebook that holds the cells of all beacons, opened and run in one page.

Its visitor is a person who runs what somebody prepared, and clicks on what it shows.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Error, Page

from tests.redteam import channel
from tests.redteam.browsing import click_links, open_notebook, run_all, settled

if TYPE_CHECKING:
    from tests.redteam.targets import Target

NOTEBOOK = "gallery.ipynb"
SINGLE = "single.ipynb"
SETTLE = 3.0
"""Seconds that the page has for the last of its requests."""


class Gallery:
    """The notebook at one target; opened when a beacon's attack first asks what it brought."""

    def __init__(self, site: Target):
        self.site = site

    def brought(self, id: str) -> bytes:
        """What left the browser for the address of the beacon ``id``, and all that it downloaded."""
        if self.problem:
            raise self.problem
        heard = [request for request in self.site.outside.heard if f"/{id}/".encode() in request]
        return b"\n".join([*heard, *self.site.window.downloads])

    @cached_property
    def problem(self) -> Exception | None:
        """Open the notebook, run all its cells, click on all links that they show; what went wrong."""
        cells = [self._cell(each) for each in channel.load() if each.cell]
        self.site.run(f"import json; json.dump({notebook(cells)!r}, open({NOTEBOOK!r}, 'w'))")
        try:
            self.site.window.do(self._visit)
        except Error as problem:
            # Told to every beacon that asks, not tried again for each.
            return problem
        return None

    def _visit(self, page: Page) -> None:
        open_notebook(page, f"{self.site.url}{self.site.path}lab", NOTEBOOK)
        run_all(page)
        settled(page, SETTLE)
        click_links(page)
        settled(page, SETTLE)

    def _cell(self, beacon: channel.Channel) -> dict[str, Any]:
        assert beacon.cell is not None
        secret = self.site.secret(beacon.id, beacon.size).hex()
        source = beacon.cell(f"{self.site.outside.browser_url}/{beacon.id}/{secret}")
        if beacon.markdown:
            return {"cell_type": "markdown", "id": beacon.id, "metadata": {}, "source": source}
        # One that fails must not keep the others from running.
        return {**code_cell(source, beacon.id), "metadata": {"tags": ["raises-exception"]}}


def show(site: Target, source: str, *, before: str = "") -> None:
    """Open a notebook of one cell in the person's window, and run it.

    ``before`` is run in a kernel first, as the person who prepared the notebook did.
    """
    made = notebook([code_cell(source)])
    site.run(f"{before}\nimport json; json.dump({made!r}, open({SINGLE!r}, 'w'))")

    def visit(page: Page) -> None:
        open_notebook(page, f"{site.url}{site.path}lab", SINGLE)
        run_all(page)

    site.window.do(visit)


def notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    """A notebook of format 4."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": cells}


def code_cell(source: str, id: str = "c1", outputs: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """A code cell of it."""
    return {
        "cell_type": "code",
        "id": id,
        "metadata": {},
        "execution_count": None,
        "source": source,
        "outputs": list(outputs),
    }
