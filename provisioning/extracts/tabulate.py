"""Tables to Parquet with DuckDB: checked against the dictionary, and the same bytes for the same input.

A table is read once, as text, into DuckDB's own file in a scratch folder, so that neither the checks nor
the treatment hold it in memory; `convert` then writes it, treated, as Parquet.

No message shows a value: who registers an extract need not read it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from provisioning.extracts.dictionary import Column, Table
from provisioning.extracts.sql import KINDS, literal, name_of
from provisioning.refusal import Refusal

if TYPE_CHECKING:
    from provisioning.gate.transforms import Output

_ROWS_A_GROUP = 122_880
MEMORY = "1500MB"
"""What DuckDB may hold before it spills to disk: with the batches that Python holds, well below 4 GiB."""
SMALL_CELL = 10
"""Counts in a dictionary below this are not told."""


class TableRefused(Refusal):
    """A CSV file that is not what its dictionary says: one line a fault."""

    def __init__(self, faults: list[Refusal]) -> None:
        super().__init__("")
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)

    def text(self, language: str) -> str:
        return "\n".join(fault.text(language) for fault in self.faults)


def connect(scratch: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB on a file in ``scratch``, one thread so that rows keep their order; it loads nothing."""
    return duckdb.connect(
        scratch / "staged.duckdb",
        config={
            "threads": 1,
            "memory_limit": MEMORY,
            "temp_directory": str(scratch / "spilt"),
            "preserve_insertion_order": True,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def count_rows(source: Path, shown: str) -> tuple[list[str], int]:
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
        fault = Refusal("{file} is not CSV at line {line}. Mend it.", file=shown, line=reader.line_num)
        raise TableRefused([fault]) from None
    except UnicodeDecodeError:
        fault = Refusal("{file} is not in UTF-8. Save it in UTF-8.", file=shown)
        raise TableRefused([fault]) from None
    except OSError as error:
        fault = Refusal("{file} cannot be read: {reason}.", file=shown, reason=error.strerror)
        raise TableRefused([fault]) from error
    return header, rows


def header_faults(shown: str, header: list[str], table: Table) -> list[Refusal]:
    """What differs between the CSV's first line and the dictionary's columns."""
    known = {column.name for column in table.columns}
    faults: list[Refusal] = [
        Refusal("{file} has the column {column} twice. Rename one.", file=shown, column=name)
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    faults += [
        Refusal(
            "{file} has the column {column}, which the dictionary does not name. "
            "Describe it, or take it out of the file.",
            file=shown,
            column=name,
        )
        for name in dict.fromkeys(header)
        if name not in known
    ]
    return faults + [
        Refusal(
            "{file} has no column {column}, which the dictionary names. Take it out of the dictionary.",
            file=shown,
            column=column.name,
        )
        for column in table.columns
        if column.name not in header
    ]


def stage_csv(connection: duckdb.DuckDBPyConnection, source: Path, table: Table, shown: str) -> int:
    """Read a CSV file in UTF-8 into the table ``staged``, every column as text; return the rows.

    ``shown`` is what messages call the file. Raises `TableRefused`.
    """
    header, expected = count_rows(source, shown)
    faults = header_faults(shown, header, table)
    if faults:
        raise TableRefused(faults)
    try:
        _stage(connection, _read_csv(source, header, table))
        rows = _rows(connection)
    except duckdb.Error:
        # Its message would quote the line.
        rows = -1
    if rows != expected:
        fault = Refusal(
            "{file} cannot be read as CSV: give every line the same end and every row the same columns.",
            file=shown,
        )
        raise TableRefused([fault])
    return rows


def stage_parquet(connection: duckdb.DuckDBPyConnection, source: Path, table: Table, shown: str) -> int:
    """The same from a Parquet file."""
    read = f"read_parquet({literal(str(source))})"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()  # noqa: S608 - quoted
        faults = header_faults(shown, [str(row[0]) for row in described], table)
        if faults:
            raise TableRefused(faults)
        missing = ", ".join(literal(text) for text in ("", *table.missing))
        columns = ", ".join(
            f"CASE WHEN CAST({name_of(one.name)} AS VARCHAR) IN ({missing}) THEN NULL "
            f"ELSE CAST({name_of(one.name)} AS VARCHAR) END AS {name_of(one.name)}"
            for one in table.columns
        )
        _stage(connection, f"(SELECT {columns} FROM {read})")  # noqa: S608 - quoted
        return _rows(connection)
    except duckdb.Error:
        fault = Refusal("{file} cannot be read as Parquet. Write it anew.", file=shown)
        raise TableRefused([fault]) from None


def _stage(connection: duckdb.DuckDBPyConnection, read: str) -> None:
    connection.execute("DROP TABLE IF EXISTS staged")
    connection.execute(f"CREATE TABLE staged AS SELECT * FROM {read}")  # noqa: S608 - quoted


def _rows(connection: duckdb.DuckDBPyConnection) -> int:
    (rows,) = connection.execute("SELECT count(*) FROM staged").fetchall()[0]
    return int(rows)


def convert(  # noqa: PLR0917
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    target: Path,
    treated: Sequence[tuple[Column, Output]],
    offset: str,
    shown: str,
) -> dict[str, Any]:
    """Write ``target`` (Parquet, zstd) from ``staged``, treated; return the table's part of the manifest.

    ``offset`` is the SQL of the column that shifted dates read. Raises `TableRefused` with every fault found.
    """
    rows = _check(connection, table, shown)
    made = ", ".join(f"{output.sql} AS {name_of(output.name)}" for _, output in treated)
    try:
        connection.execute(
            f"COPY (SELECT {made} FROM (SELECT *, {offset} FROM staged)) "  # noqa: S608 - quoted
            f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROWS_A_GROUP})"
        )
    except duckdb.Error:
        fault = Refusal(
            "{file} cannot be treated as the policy says; see the types of its columns.", file=shown
        )
        raise TableRefused([fault]) from None
    missing, counts = _describe(connection, target, treated)
    return {
        "name": table.name,
        "file": target.name,
        "rows": rows,
        "title": table.title,
        "columns": [
            {
                "name": output.name,
                "type": output.type,
                "unit": column.unit if output.unit else None,
                "title": column.title,
                "codes": column.codes if output.keeps_codes else None,
                "missing": missing[output.name],
                "counts": counts.get(output.name),
            }
            for column, output in treated
        ],
    }


def _describe(
    connection: duckdb.DuckDBPyConnection, target: Path, treated: Sequence[tuple[Column, Output]]
) -> tuple[dict[str, int | None], dict[str, dict[str, int | None]]]:
    """Missing values by column and, where a column has codes, rows by code; small ones are None."""
    read = f"read_parquet({literal(str(target))})"
    wanted = [f"count(*) FILTER ({name_of(output.name)} IS NULL)" for _, output in treated]
    (found,) = connection.execute(f"SELECT {', '.join(wanted)} FROM {read}").fetchall()  # noqa: S608 - quoted
    missing = {output.name: _told(count) for (_, output), count in zip(treated, found, strict=True)}
    counts = {}
    for column, output in treated:
        if column.codes is None or not output.keeps_codes:
            continue
        name = name_of(output.name)
        query = f"SELECT CAST({name} AS VARCHAR), count(*) FROM {read} GROUP BY 1"  # noqa: S608 - quoted
        by_code = dict(connection.execute(query).fetchall())
        told = {code: _told(by_code.get(code, 0)) for code in column.codes}
        hidden = [code for code, count in told.items() if count is None]
        if (len(hidden) == 1) != (missing[output.name] is None) and len(told) > 1:
            # One alone could be had by subtraction, so the next smallest is not told either.
            shown = [(count, code) for code, count in told.items() if count]
            if shown:
                told[min(shown)[1]] = None
        counts[output.name] = told
    return missing, counts


def _told(count: int) -> int | None:
    return None if 0 < count < SMALL_CELL else count


def _check(connection: duckdb.DuckDBPyConnection, table: Table, shown: str) -> int:
    """The rows of ``staged``. Raises `TableRefused` for values of a wrong type or code."""
    columns = table.columns
    wanted = ["count(*)"]
    for column in columns:
        wanted += [
            f"min(rowid) FILTER ({_wrong_type(column)})",
            f"min(rowid) FILTER ({_wrong_code(column)})",
        ]
    query = f"SELECT {', '.join(wanted)} FROM staged"  # noqa: S608 - quoted
    (found,) = connection.execute(query).fetchall()
    faults: list[Refusal] = []
    for position, column in enumerate(columns):
        wrong_row, uncoded_row = found[1 + 2 * position : 3 + 2 * position]
        if wrong_row is not None:
            faults.append(
                Refusal(
                    "{file}, row {row}: the value of {column} is not of type {type}. "
                    "Mend the value, or the type in the dictionary.",
                    file=shown,
                    row=wrong_row + 1,
                    column=column.name,
                    type=column.type,
                )
            )
        elif uncoded_row is not None:
            faults.append(
                Refusal(
                    "{file}, row {row}: the value of {column} is not one of its codes. "
                    "Mend the value, or add the code to the dictionary.",
                    file=shown,
                    row=uncoded_row + 1,
                    column=column.name,
                )
            )
    if faults:
        raise TableRefused(faults)
    return int(found[0])


def _wrong_type(column: Column) -> str:
    kind, pattern = KINDS[column.type]
    if pattern is None:
        return "false"
    name = name_of(column.name)
    cast = f"TRY_CAST({name} AS {kind})"
    # An overflowing number casts to infinity rather than to nothing.
    finite = f" OR NOT isfinite({cast})" if kind == "DOUBLE" else ""
    return (
        f"{name} IS NOT NULL AND "
        f"(NOT regexp_full_match({name}, {literal(pattern)}) OR {cast} IS NULL{finite})"
    )


def _wrong_code(column: Column) -> str:
    if column.codes is None:
        return "false"
    codes = ", ".join(literal(code) for code in column.codes)
    return f"{name_of(column.name)} IS NOT NULL AND {name_of(column.name)} NOT IN ({codes})"


def _read_csv(source: Path, header: list[str], table: Table) -> str:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    missing = ", ".join(literal(text) for text in ("", *table.missing))
    return (
        f"read_csv({literal(str(source))}, auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"escape = '\"', nullstr = [{missing}], allow_quoted_nulls = true, parallel = false, "
        f"strict_mode = true, columns = {{{columns}}})"
    )
