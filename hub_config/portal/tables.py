"""A run's CSV table as rows to show: bounded, whatever the engine wrote."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from hub_config.portal import run_folder

LARGEST = 2 * 1024 * 1024
"""Bytes; a larger table is not shown."""
MOST_ROWS = 200
MOST_COLUMNS = 40
LONGEST_CELL = 200

_NUMBER = re.compile(r"[<>≤≥]?\s*[-−+]?\d[\d,  ]*(\.\d+)?([eE][-+]?\d+)?\s*%?")


@dataclass(frozen=True)
class Table:
    """The first rows of a table; ``more`` says that there are others. ``numeric`` is one flag a column."""

    head: list[str]
    rows: list[list[str]]
    numeric: list[bool]
    more: bool


def read(folder: Path, path: str) -> Table | None:
    """The table at ``path`` in a run's folder, or None where it cannot be shown."""
    try:
        content = run_folder.read_inside(folder, path, LARGEST)
        lines = csv.reader(StringIO(content.decode("utf-8-sig", errors="replace"), newline=""))
        rows: list[list[str]] = []
        for row in lines:
            if len(rows) > MOST_ROWS + 1:
                break
            if row:
                rows.append([cell[:LONGEST_CELL] for cell in row[:MOST_COLUMNS]])
    except (run_folder.Unreadable, csv.Error):
        return None
    if not rows:
        return None
    head, body = rows[0], rows[1 : MOST_ROWS + 1]
    width = max(len(row) for row in rows)
    padded = [row + [""] * (width - len(row)) for row in body]
    return Table(
        head + [""] * (width - len(head)),
        padded,
        [_is_numeric([row[column] for row in padded]) for column in range(width)],
        more=len(rows) > MOST_ROWS + 1,
    )


def _is_numeric(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)
