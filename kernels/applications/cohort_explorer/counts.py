"""Counting with DuckDB. Only masked counts leave this module, and no value that few rows have."""

# Columns' names are quoted and come from the file itself; whatever a reader sends is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from kernels.applications.cohort_explorer.extracts import Table
from kernels.applications.cohort_explorer.masking import SMALLEST, masked

SECONDS = 15.0
"""A question that takes longer is given up."""
VALUES = 20
"""Values of a column that are listed, the most frequent."""
CATEGORIES = 12
"""Numbers of which there are fewer are values; others are put into bands."""
BANDS = 8
LONGEST = 100
"""Characters of a value. What is longer is prose, not a category."""
MISSING, OTHER = -1, 0
NUMBERS = re.compile(r"(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)")
TIMES = re.compile(r"DATE|TIMESTAMP.*")


class Unanswerable(ValueError):
    """A question that has no answer here."""


@dataclass(frozen=True)
class Group:
    """Rows that are counted together; ``key`` is None where nobody can ask for them."""

    number: int
    key: str | None
    label: str


@dataclass(frozen=True)
class Grouping:
    """How the rows of a column are put together: SQL that numbers the group of each row."""

    sql: str
    values: tuple[Any, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Filter:
    """Only rows with this value, or in this band, of the column; an empty key is a missing value."""

    column: str
    key: str


@contextmanager
def _in_time(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    timer = threading.Timer(SECONDS, connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def connect() -> duckdb.DuckDBPyConnection:
    """A database in memory that leaves most of the engine to kernels."""
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": "1GB",
            "threads": 2,
            "temp_directory": "/tmp/cohort-explorer",  # noqa: S108 (the engine's own)
            "max_temp_directory_size": "1GB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def plain(number: float) -> str:
    """A band's edge as it is written, and read again."""
    return f"{number:.10g}"


class Counts:
    """Counts of one table, among the rows that every filter leaves."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table, filters: tuple[Filter, ...] = ()):
        self.connection = connection
        self.table = table
        self.source = f"read_parquet('{_literal(table.file)}')"
        self.filters = filters
        self._groupings: dict[str, Grouping] = {}

    @cached_property
    def columns(self) -> dict[str, str]:
        """Type of each column."""
        described = self._ask(f"DESCRIBE SELECT * FROM {self.source}", ())
        return {str(row[0]): str(row[1]) for row in described}

    @cached_property
    def rows(self) -> int | None:
        """How many rows there are."""
        ((count,),) = self._ask(f"SELECT count(*) FROM {self.source} WHERE {self._where}", self._values)
        return masked(count)

    def missing(self) -> dict[str, int | None]:
        """Missing values of each column. That none is missing may be said."""
        self._enough()
        parts = ", ".join(f"count(*) - count({self._value(name)})" for name in self.columns)
        ((*counts,),) = self._ask(f"SELECT {parts} FROM {self.source} WHERE {self._where}", self._values)
        return {
            name: 0 if count == 0 else masked(count) for name, count in zip(self.columns, counts, strict=True)
        }

    def one_way(self, column: str) -> list[tuple[Group, int | None]]:
        """The groups of a column with their counts."""
        self._enough()
        grouping = self.grouping(column)
        found = dict(
            self._ask(
                f"SELECT {grouping.sql} AS g, count(*) FROM {self.source} WHERE {self._where} GROUP BY g",
                grouping.values + self._values,
            )
        )
        return [(group, masked(found.get(group.number, 0))) for group in grouping.groups]

    def two_way(self, column: str, by: str) -> tuple[list[Group], list[tuple[Group, list[int | None]]]]:
        """The groups of ``by``, and for each group of ``column`` the counts in them."""
        self._enough()
        down, across = self.grouping(column), self.grouping(by)
        found = {
            (row[0], row[1]): row[2]
            for row in self._ask(
                f"SELECT {down.sql} AS g, {across.sql} AS h, count(*) FROM {self.source} "
                f"WHERE {self._where} GROUP BY g, h",
                down.values + across.values + self._values,
            )
        }
        rows = [
            (row, [masked(found.get((row.number, group.number), 0)) for group in across.groups])
            for row in down.groups
        ]
        return list(across.groups), rows

    def grouping(self, column: str) -> Grouping:
        """Bands for numbers, otherwise values that enough rows of the whole table have.

        They do not depend on filters, and filters are made of them alone: edges of one's own choice
        would find single rows between them.
        """
        if column not in self.columns:
            raise Unanswerable("no such column")
        if column not in self._groupings:
            made = self._bands(column) if self._in_bands(column) else self._categories(column)
            asked = self._ask(f"SELECT DISTINCT {made.sql} FROM {self.source}", made.values)
            there, coded = {row[0] for row in asked}, self._codes(column)
            groups = tuple(group for group in made.groups if group.number in there or group.key in coded)
            self._groupings[column] = replace(made, groups=groups)
        return self._groupings[column]

    def _in_bands(self, column: str) -> bool:
        if not NUMBERS.fullmatch(self.columns[column]) or self._codes(column):
            return False
        ((distinct,),) = self._ask(
            f"SELECT approx_count_distinct({self._value(column)}) FROM {self.source}", ()
        )
        return bool(distinct > CATEGORIES)

    def _codes(self, column: str) -> list[str]:
        described = self.table.columns.get(column)
        return list(described.codes) if described else []

    def _categories(self, column: str) -> Grouping:
        text = self._text(column)
        frequent = self._ask(
            f"SELECT {text} AS v, count(*) AS n FROM {self.source} WHERE v IS NOT NULL "
            f"AND length(v) <= {LONGEST} AND v <> '' GROUP BY v HAVING n >= {SMALLEST} "
            f"ORDER BY n DESC, v LIMIT {VALUES}",
            (),
        )
        codes = self._codes(column)[: 2 * VALUES]
        keys = codes + sorted(row[0] for row in frequent if row[0] not in codes)
        groups = [Group(number, key, key) for number, key in enumerate(keys, OTHER + 1)]
        sql = (
            f"CASE WHEN {text} IS NULL THEN {MISSING} "
            f"ELSE coalesce(list_position(?::VARCHAR[], {text}), {OTHER}) END"
        )
        return Grouping(sql, (keys,), (*groups, Group(OTHER, None, ""), Group(MISSING, "", "")))

    def _bands(self, column: str) -> Grouping:
        value = self._value(column)
        ((quantiles,),) = self._ask(f"SELECT quantile_cont({value}, [0.05, 0.95]) FROM {self.source}", ())
        if quantiles is None:
            return Grouping(f"{MISSING}", (), (Group(MISSING, "", ""),))
        low, high = (float(edge) for edge in quantiles)
        step = _round_step((high - low) / BANDS)
        first, last = math.floor(low / step), math.ceil(high / step)
        edges = [number * step for number in range(first, max(last, first + 1) + 1)]
        # Open at both ends: the least and the greatest value belong to somebody.
        ends = [None, *edges, None]
        groups = []
        for number, (start, end) in enumerate(pairwise(ends), OTHER + 1):
            key = f"{'' if start is None else plain(start)}..{'' if end is None else plain(end)}"
            groups.append(Group(number, key, key))
        cases = " ".join(f"WHEN {value} < ? THEN {number}" for number in range(OTHER + 1, len(edges) + 1))
        sql = f"CASE WHEN {value} IS NULL THEN {MISSING} {cases} ELSE {len(edges) + 1} END"
        values = tuple(float(plain(edge)) for edge in edges)
        return Grouping(sql, values, (*groups, Group(MISSING, "", "")))

    def _value(self, column: str) -> str:
        name = _name(column)
        if NUMBERS.fullmatch(self.columns[column]):
            # A missing number is written as NaN by some.
            return f"(CASE WHEN isfinite({name}::DOUBLE) THEN {name}::DOUBLE END)"
        return name

    def _text(self, column: str) -> str:
        name, kind = _name(column), self.columns[column]
        if NUMBERS.fullmatch(kind):
            return f"regexp_replace({self._value(column)}::VARCHAR, '\\.0$', '')"
        return f"year({name})::VARCHAR" if TIMES.fullmatch(kind) else f"{name}::VARCHAR"

    @cached_property
    def _filter(self) -> tuple[str, tuple[Any, ...]]:
        parts: list[str] = ["true"]
        values: list[Any] = []
        for each in self.filters:
            if each.key not in [group.key for group in self.grouping(each.column).groups]:
                raise Unanswerable("no such group")
            value = self._value(each.column)
            if not each.key:
                parts.append(f"{value} IS NULL")
            elif self._in_bands(each.column):
                for edge, sign in zip(each.key.split(".."), (">=", "<"), strict=True):
                    if edge:
                        parts.append(f"{value} {sign} ?")
                        values.append(float(edge))
            else:
                parts.append(f"{self._text(each.column)} = ?")
                values.append(each.key)
        return " AND ".join(parts), tuple(values)

    @property
    def _where(self) -> str:
        return self._filter[0]

    @property
    def _values(self) -> tuple[Any, ...]:
        return self._filter[1]

    def _enough(self) -> None:
        if self.rows is None:
            raise Unanswerable("too few rows")

    def _ask(self, sql: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with _in_time(self.connection):
            return self.connection.execute(sql, list(values)).fetchall()


def _literal(file: Path) -> str:
    return str(file).replace("'", "''")


def _round_step(span: float) -> float:
    """A step of 1, 2 or 5 times a power of ten, at least ``span``."""
    if not span > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= span), 10 * power)
