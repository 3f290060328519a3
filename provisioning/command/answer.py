"""What a command says: the same answer as lines for people or as JSON for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Answer:
    """``data`` is printed with ``--json``, ``lines`` otherwise."""

    data: Any
    lines: Sequence[str]

    def show(self, as_json: bool) -> None:
        """Print it."""
        if as_json:
            print(json.dumps(self.data, ensure_ascii=False, indent=1, default=_plain))
        else:
            for line in self.lines:
                print(line)


def table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> Answer:
    """All of ``rows`` as JSON, ``columns`` of them in lines under a heading."""
    cells = [[column.upper() for column in columns]]
    cells += [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(_width(line[position]) for line in cells) for position in range(len(columns))]
    lines = []
    for line in cells:
        padded = (cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
    return Answer(rows, lines)


def fields(row: dict[str, Any]) -> Answer:
    """One thing, a field a line."""
    return Answer(row, [f"{key}: {_cell(value)}" for key, value in row.items()])


def done(line: str, **data: Any) -> Answer:
    """That something was done."""
    return Answer(data, [line])


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return str(value)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _plain(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))
