"""The tables of the extracts that are mounted, as their manifests describe them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "extract.json"
LARGEST_MANIFEST = 64 * 1024 * 1024
"""Bytes."""
SUFFIXES = (".parquet",)

Titles = Mapping[str, str]


@dataclass(frozen=True)
class Described:
    """What a dictionary says about a column."""

    title: Titles = field(default_factory=dict)
    unit: str = ""
    codes: Mapping[str, Titles] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """One table: its file, and what the dictionary says."""

    id: str
    file: Path
    title: Titles
    columns: Mapping[str, Described]


def tables(data: Path) -> dict[str, Table]:
    """Every table of every extract under ``data``, by ``extract/table``."""
    found: dict[str, Table] = {}
    for folder in sorted(data.iterdir()) if data.is_dir() else []:
        if folder.is_dir():
            found |= {table.id: table for table in _tables(folder)}
    return found


def _tables(folder: Path) -> list[Table]:
    described = {str(entry.get("file")): entry for entry in _manifest(folder)}
    made = []
    for file in sorted(folder.rglob("*")):
        if file.suffix in SUFFIXES and file.is_file():
            entry = described.get(str(file.relative_to(folder)), {})
            name = str(entry.get("name") or file.stem)
            columns = {str(column["name"]): _described(column) for column in _dicts(entry.get("columns"))}
            made.append(Table(f"{folder.name}/{name}", file, _titles(entry.get("title")), columns))
    return made


def _manifest(folder: Path) -> list[dict[str, Any]]:
    try:
        file = folder / MANIFEST
        document = json.loads(file.read_bytes()) if file.stat().st_size <= LARGEST_MANIFEST else {}
    except (OSError, ValueError, RecursionError):
        return []
    return _dicts(document.get("tables") if isinstance(document, dict) else None)


def _described(column: dict[str, Any]) -> Described:
    codes = column.get("codes")
    return Described(
        title=_titles(column.get("title")),
        unit=str(column.get("unit") or ""),
        codes={str(code): _titles(meaning) for code, meaning in codes.items()}
        if isinstance(codes, dict)
        else {},
    )


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _titles(value: Any) -> Titles:
    return {str(key): str(text) for key, text in value.items()} if isinstance(value, dict) else {}
