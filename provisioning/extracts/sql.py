"""The columns' types in Parquet, how their values must read, and quoting for DuckDB."""

from __future__ import annotations

# DuckDB's own casts would round 1.5 to an integer and take many kinds of date.
_DATE = r"\d{4}-\d{2}-\d{2}"
KINDS: dict[str, tuple[str, str | None]] = {
    "integer": ("BIGINT", r"[+-]?\d+"),
    "number": ("DOUBLE", r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "string": ("VARCHAR", None),
    "boolean": ("BOOLEAN", r"(?i)true|false|0|1"),
    "date": ("DATE", _DATE),
    "datetime": ("TIMESTAMP", _DATE + r"[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"),
}
"""By the dictionary's type: DuckDB's type, and the pattern that all of a value's text matches."""


def name_of(name: str) -> str:
    """``name`` as a quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a quoted string."""
    return "'" + text.replace("'", "''") + "'"
