"""CSV to Parquet with DuckDB: checked against the dictionary, and the same bytes for the same input.

No message shows a value: who registers an extract need not read it.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import duckdb

from provisioning.extracts.dictionary import Column, Table
from provisioning.refusal import Refusal

_ROWS_A_GROUP = 122_880

# The columns' types in Parquet, and how a value of each must read: DuckDB's own casts would round
# 1.5 to an integer and take many kinds of date.
_DATE = r"\d{4}-\d{2}-\d{2}"
_KINDS = {
    "integer": ("BIGINT", r"[+-]?\d+"),
    "number": ("DOUBLE", r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "string": ("VARCHAR", None),
    "boolean": ("BOOLEAN", r"(?i)true|false|0|1"),
    "date": ("DATE", _DATE),
    "datetime": ("TIMESTAMP", _DATE + r"[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"),
}


class TableRefused(Refusal):
    """A CSV file that is not what its dictionary says: one line a fault."""

    def __init__(self, faults: list[Refusal]) -> None:
        super().__init__("")
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)

    def text(self, language: str) -> str:
        return "\n".join(fault.text(language) for fault in self.faults)


def connect() -> duckdb.DuckDBPyConnection:
    """DuckDB in memory, one thread so that rows keep their order, loading nothing from anywhere."""
    return duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def count_rows(source: Path) -> tuple[list[str], int]:
    """The CSV file's header and number of rows, every row as wide as the header.

    Raises `TableRefused`. DuckDB alone will not do: it drops, without a word, all rows from a quotation
    mark that is never closed.
    """
    rows = 0
    try:
        with source.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            for row in reader:
                if row and len(row) != len(header):
                    raise csv.Error("width")
                rows += bool(row)
    except csv.Error:
        fault = Refusal("{file} is not CSV at line {line}. Mend it.", file=source.name, line=reader.line_num)
        raise TableRefused([fault]) from None
    except UnicodeDecodeError:
        fault = Refusal("{file} is not in UTF-8. Save it in UTF-8.", file=source.name)
        raise TableRefused([fault]) from None
    except OSError as error:
        fault = Refusal("{file} cannot be read: {reason}.", file=source.name, reason=error.strerror)
        raise TableRefused([fault]) from error
    return header, rows


def header_faults(source: Path, header: list[str], table: Table) -> list[Refusal]:
    """What differs between the CSV's first line and the dictionary's columns."""
    known = {column.name for column in table.columns}
    faults: list[Refusal] = [
        Refusal("{file} has the column {column} twice. Rename one.", file=source.name, column=name)
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    faults += [
        Refusal(
            "{file} has the column {column}, which the dictionary does not name. "
            "Describe it, or take it out of the file.",
            file=source.name,
            column=name,
        )
        for name in dict.fromkeys(header)
        if name not in known
    ]
    return faults + [
        Refusal(
            "{file} has no column {column}, which the dictionary names. Take it out of the dictionary.",
            file=source.name,
            column=column.name,
        )
        for column in table.columns
        if column.name not in header
    ]


def convert(
    connection: duckdb.DuckDBPyConnection, source: Path, table: Table, target: Path
) -> dict[str, Any]:
    """Write ``target`` (Parquet, zstd) from ``source``; return the table's part of the manifest.

    Raises `TableRefused` with every fault found.
    """
    header, expected = count_rows(source)
    faults = header_faults(source, header, table)
    if faults:
        raise TableRefused(faults)
    read = _read_csv(source, header, table)
    try:
        rows, missing = _check(connection, source, read, table)
        casts = ", ".join(
            f"CAST({_name(column.name)} AS {_KINDS[column.type][0]}) AS {_name(column.name)}"
            for column in table.columns
        )
        connection.execute(
            f"COPY (SELECT {casts} FROM {read}) TO {_literal(str(target))} "  # noqa: S608 - quoted
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_A_GROUP})"
        )
    except duckdb.Error:
        # Its message would quote the line.
        rows = -1
    if rows != expected:
        fault = Refusal(
            "{file} cannot be read as CSV: give every line the same end and every row the same columns.",
            file=source.name,
        )
        raise TableRefused([fault])
    return {
        "name": table.name,
        "file": target.name,
        "rows": rows,
        "title": table.title,
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "unit": column.unit,
                "title": column.title,
                "codes": column.codes,
                "missing": missing[column.name],
            }
            for column in table.columns
        ],
    }


def _check(
    connection: duckdb.DuckDBPyConnection, source: Path, read: str, table: Table
) -> tuple[int, dict[str, int]]:
    """Rows, and missing values by column. Raises `TableRefused` for values of a wrong type or code."""
    columns = table.columns
    wanted = ["count(*)"]
    for column in columns:
        name, wrong, uncoded = _name(column.name), _wrong_type(column), _wrong_code(column)
        wanted += [
            f"count(*) FILTER ({name} IS NULL)",
            f"min(carrel_row) FILTER ({wrong})",
            f"min(carrel_row) FILTER ({uncoded})",
        ]
    numbered = f"(SELECT row_number() OVER () AS carrel_row, * FROM {read})"  # noqa: S608 - quoted
    found = connection.execute(f"SELECT {', '.join(wanted)} FROM {numbered}").fetchone()  # noqa: S608
    assert found is not None
    faults: list[Refusal] = []
    missing = {}
    for position, column in enumerate(columns):
        missing[column.name], wrong_row, uncoded_row = found[1 + 3 * position : 4 + 3 * position]
        if wrong_row is not None:
            faults.append(
                Refusal(
                    "{file}, row {row}: the value of {column} is not of type {type}. "
                    "Mend the value, or the type in the dictionary.",
                    file=source.name,
                    row=wrong_row,
                    column=column.name,
                    type=column.type,
                )
            )
        elif uncoded_row is not None:
            faults.append(
                Refusal(
                    "{file}, row {row}: the value of {column} is not one of its codes. "
                    "Mend the value, or add the code to the dictionary.",
                    file=source.name,
                    row=uncoded_row,
                    column=column.name,
                )
            )
    if faults:
        raise TableRefused(faults)
    return found[0], missing


def _wrong_type(column: Column) -> str:
    kind, pattern = _KINDS[column.type]
    if pattern is None:
        return "false"
    name = _name(column.name)
    cast = f"TRY_CAST({name} AS {kind})"
    # An overflowing number casts to infinity rather than to nothing.
    finite = f" OR NOT isfinite({cast})" if kind == "DOUBLE" else ""
    return (
        f"{name} IS NOT NULL AND "
        f"(NOT regexp_full_match({name}, {_literal(pattern)}) OR {cast} IS NULL{finite})"
    )


def _wrong_code(column: Column) -> str:
    if column.codes is None:
        return "false"
    codes = ", ".join(_literal(code) for code in column.codes)
    return f"{_name(column.name)} IS NOT NULL AND {_name(column.name)} NOT IN ({codes})"


def _read_csv(source: Path, header: list[str], table: Table) -> str:
    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in header)
    missing = ", ".join(_literal(text) for text in ("", *table.missing))
    return (
        f"read_csv({_literal(str(source))}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', nullstr = [{missing}], allow_quoted_nulls = true, parallel = false, "
        f"strict_mode = true, columns = {{{columns}}})"
    )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
