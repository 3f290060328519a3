"""``python -m tests.redteam.table``: run the red team, print its table, write docs/security/redteam.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.redteam.channel import Channel, load

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs/security/redteam.md"
HEAD = """\
# Red team: the ways out and in that were tried

Made by `make redteam`; do not edit. Each line is one channel: a working attack, in
[tests/redteam/channels](../../tests/redteam/channels), that carries the bytes of a known secret out of a
workspace (or into it, or reaches what is not the attacker's, or stops the server). The same code is run against a
**stock** JupyterHub with DockerSpawner and JupyterLab and against **Carrel**. On stock it has to succeed, or it
proves nothing; a dash says why stock has no such way either. On Carrel it has to fail.

What can't be closed, such as values that a person reads off the screen within the display budget, is in the
[threat model](threat-model.md).
"""
DIRECTIONS = {
    "out": "Out of the workspace",
    "in": "Into the workspace",
    "reach": "To what is not the attacker's",
    "stop": "Against the server's answering",
}


class Results:
    """A pytest plugin that keeps whether each channel leaked, by its id and side."""

    def __init__(self) -> None:
        self.leaked: dict[tuple[str, str], bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called by pytest for each phase of each test."""
        for name, value in report.user_properties:
            if report.when == "call" and name == "redteam":
                id, side, leaked = value
                self.leaked[id, side] = leaked

    def said(self, id: str, side: str) -> str:
        """One cell of the table."""
        words = {True: "leaks", False: "closed", None: "not run"}
        return words[self.leaked.get((id, side))]


def lines(channels: list[Channel], results: Results) -> Iterator[str]:
    """The table ``channel | stock | carrel``."""
    width = max(len(each.id) for each in channels)
    for id, stock, carrel in [
        ("channel", "stock", "carrel"),
        *((each.id, results.said(each.id, "stock"), results.said(each.id, "carrel")) for each in channels),
    ]:
        yield f"{id:{width}} | {stock:7} | {carrel}"


def page(channels: list[Channel], results: Results) -> str:
    """The page in the documentation."""
    parts = [HEAD]
    for direction, heading in DIRECTIONS.items():
        parts.append(f"\n## {heading}\n\n| channel | what it tries | stock | Carrel | what closes it |")
        parts.append("|---|---|---|---|---|")
        for each in channels:
            if each.direction != direction:
                continue
            stock = results.said(each.id, "stock") + (f": {each.stock}" if each.stock else "")
            carrel = results.said(each.id, "carrel")
            carrel = carrel if carrel == "closed" else f"**{carrel}**"
            name = each.id.replace("-", "_")
            link = f"[{each.id}](../../tests/redteam/channels/{name}.py)"
            parts.append(f"| {link} | {each.title} | {stock} | {carrel} | {each.closed_by} |")
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Run what ``arguments`` (pytest's) choose; the page is written when that is everything."""
    results = Results()
    status = pytest.main([str(FOLDER), "-q", "-p", "no:cacheprovider", *arguments], plugins=[results])
    channels = sorted(load(), key=lambda each: each.id)
    print("\n" + "\n".join(lines(channels, results)) + "\n")
    if len(results.leaked) == 2 * len(channels):
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(channels, results))
    else:
        print(f"Not every channel was run, so {PAGE.name} stays as it was.")
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
