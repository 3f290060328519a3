"""Whether tables that were made may be granted, judged by what is in them and not by what the policy says.

Direct identifiers by the columns' names and by content; k-anonymity (Sweeney 2002, Int J Uncertainty
Fuzziness 10:557) and distinct l-diversity (Machanavajjhala et al. 2007, ACM TKDD 1:3) over the
quasi-identifiers. Where a table has a patient column, people are counted rather than rows: one person's ten
rows hide nobody. A missing value counts as a value of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from provisioning.extracts.sql import literal, name_of
from provisioning.gate.identifiers import ColumnScan, Kind
from provisioning.gate.policy import TABLE, Policy, TablePolicy, Treatment
from provisioning.gate.report import POSITIONS, Finding, Severity

BATCH_ROWS = 50_000
FEW_NAMES = 0.01
"""The share of values up to which a policy may explain that they look like names, as diagnoses do."""
_TABLE_MESSAGES = {
    "k-anonymity": "Fewer people than k share a combination of quasi-identifiers.",
    "l-diversity": "People who share a combination of quasi-identifiers have fewer than l sensitive values.",
    "unique-combination": "One person alone has a combination of quasi-identifiers.",
}
_BY_NAME = "The column's name says that it holds direct identifiers."
_BY_CONTENT = "The column's values hold direct identifiers."
_UNDECLARED = "The column's name says that it is a quasi-identifier, which the policy does not declare."
_NONE_DECLARED = "The policy declares no quasi-identifiers for this table, so k-anonymity was not verified."

_QUASI = re.compile(
    r"(^|_)(age|sex|gender|race|ethnicity|nationality|marital(_status)?|occupation|profession|religion|zip|postcode|"
    r"year_of_birth|birth_year|county|city|district|region|province|education)(_|$)|"
    r"年龄|性别|民族|种族|婚姻|职业|宗教|文化程度|学历|国籍|邮编|区县|城市|省份|出生年",
    re.IGNORECASE,
)
# What a treatment leaves, as a pattern that every value matches: then, and only then, the column's name
# (patient name, date of birth) is no finding any more.
_SHAPES = {
    "pseudonymise": r"^p[0-9a-f]{32}$",
    "age_bands": r"^([0-9]{1,2}(-[0-9]{1,3})?|[0-9]{2}\+)$",
    "year": r"^(1[89]|20|21)[0-9]{2}$",
    "month": r"^[0-9]{4}-[0-9]{2}$",
}


def verify_table(
    file: Path,
    table: str,
    policy: Policy,
    connection: duckdb.DuckDBPyConnection,
    progress: Callable[[int], None] = lambda rows: None,
) -> list[Finding]:
    """What is found in the Parquet ``file``; ``progress`` hears how many more rows were looked at."""
    found = [
        *_identifiers(file, table, policy, progress),
        *_combinations(file, table, policy.tables[table], policy, connection),
    ]
    return sorted(found, key=lambda one: (one.severity, one.rule, one.column or "", one.kind or ""))


def verify_files(folder: Path, expected: Iterable[str]) -> list[Finding]:
    """Files in ``folder`` that belong to no table."""
    allowed = set(expected)
    strange = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if not path.is_dir() or path.is_symlink()
        if str(path.relative_to(folder)) not in allowed
    ]
    return [
        Finding(
            "foreign-file",
            Severity.BLOCKING,
            "The file belongs to no table.",
            file=name,
            count=1,
        )
        for name in strange
    ]


def _identifiers(
    file: Path, table: str, policy: Policy, progress: Callable[[int], None]
) -> Iterable[Finding]:
    treatments = policy.tables[table].columns
    with pq.ParquetFile(file) as parquet:
        names = parquet.schema_arrow.names
        scans = {name: ColumnScan(name) for name in names}
        shaped = {name: _Shaped(treatments.get(name)) for name in names}
        for batch in parquet.iter_batches(BATCH_ROWS):
            for name, values in zip(names, batch.columns, strict=True):
                if not shaped[name].look(values):
                    scans[name].feed(values)
                else:
                    # Nothing but values of the shape: read for their number, not their content.
                    scans[name].feed(pa.nulls(len(values), pa.string()))
            progress(batch.num_rows)
    for name in names:
        yield from _of_column(name, table, policy, scans[name], shaped[name])


class _Shaped:
    """Whether each value of a column is what its treatment leaves."""

    def __init__(self, treatment: Treatment | None) -> None:
        key = (treatment.by or treatment.action) if treatment else ""
        self.pattern = _SHAPES.get(key)
        self.always = self.pattern is not None

    def look(self, values: pa.Array) -> bool:
        """Whether all of this batch has the shape."""
        if self.pattern is None:
            return False
        text = values.cast(pa.string()).drop_null()
        fits = bool(pc.all(pc.match_substring_regex(text, self.pattern), min_count=0).as_py())
        self.always = self.always and fits
        return fits


def _of_column(name: str, table: str, policy: Policy, scan: ColumnScan, shaped: _Shaped) -> Iterable[Finding]:
    if shaped.always:
        return
    treatment = policy.tables[table].columns.get(name)
    expected = policy.tables[table].expected
    for found in scan.findings():
        kind = str(found.kind)
        severity, reason = Severity.BLOCKING, expected.get((name, "name" if found.by == "name" else kind))
        if found.kind is Kind.PERSON_NAME and found.count > FEW_NAMES * found.rows_checked:
            reason = None
        if kind in policy.base.tolerated or (
            found.kind in (Kind.DATE, Kind.BIRTH_DATE) and treatment and treatment.action == "shift_dates"
        ):
            severity, reason = Severity.NOTE, None
        elif reason is not None:
            severity = Severity.EXPLAINED
        yield Finding(
            rule=f"identifier-{found.by}",
            severity=severity,
            message=_BY_NAME if found.by == "name" else _BY_CONTENT,
            table=table,
            column=name,
            kind=kind,
            count=found.count,
            positions=tuple(position + 1 for position in found.positions[:POSITIONS]),
            reason=reason,
        )


def _combinations(
    file: Path, table: str, rules: TablePolicy, policy: Policy, connection: duckdb.DuckDBPyConnection
) -> Iterable[Finding]:
    kept = {name: treatment for name, treatment in rules.columns.items() if treatment.action != "drop"}
    for name in kept:
        if _QUASI.search(name) and name not in rules.quasi_identifiers and name not in rules.sensitive:
            reason = rules.expected.get((name, "undeclared-quasi-identifier"))
            yield Finding(
                "undeclared-quasi-identifier",
                Severity.EXPLAINED if reason else Severity.BLOCKING,
                _UNDECLARED,
                table=table,
                column=name,
                reason=reason,
            )
    if not rules.quasi_identifiers:
        yield Finding("no-quasi-identifiers", Severity.NOTE, _NONE_DECLARED, table=table)
        return
    measures = _Measures(file, rules, connection)
    for rule, severity, column, (people, positions) in (
        ("k-anonymity", Severity.BLOCKING, None, measures.fewer_than(policy.k)),
        # Of the same people as the finding before, so it does not hold the extract twice.
        ("unique-combination", Severity.NOTE, None, measures.fewer_than(2)),
        *(
            ("l-diversity", Severity.BLOCKING, column, measures.less_diverse(column, policy.l))
            for column in rules.sensitive
        ),
    ):
        if people:
            reason = rules.expected.get((column or TABLE, rule)) or rules.expected.get((TABLE, rule))
            yield Finding(
                rule,
                Severity.EXPLAINED if reason and severity is Severity.BLOCKING else severity,
                _TABLE_MESSAGES[rule],
                table=table,
                column=column,
                count=people,
                positions=positions,
                reason=reason,
            )


class _Measures:
    """Classes of people who share their quasi-identifiers."""

    def __init__(self, file: Path, rules: TablePolicy, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._read = f"read_parquet({literal(str(file))}, file_row_number = true)"
        self._by = ", ".join(name_of(name) for name in rules.quasi_identifiers)
        whole = rules.patient is not None and rules.columns[rules.patient].action in ("keep", "pseudonymise")
        # A row without its patient is one more person.
        self._people = (
            f"count(DISTINCT {name_of(rules.patient)}) + count(*) FILTER ({name_of(rules.patient)} IS NULL)"
            if rules.patient and whole
            else "count(*)"
        )

    def fewer_than(self, k: int) -> tuple[int, tuple[int, ...]]:
        """People in classes of fewer than ``k``, and the first row of each of the first such classes."""
        return self._ask(f"HAVING people < {k}")

    def less_diverse(self, sensitive: str, least: int) -> tuple[int, tuple[int, ...]]:
        """The same for classes with fewer than ``least`` values of ``sensitive``."""
        name = name_of(sensitive)
        values = f"count(DISTINCT {name}) + max(CASE WHEN {name} IS NULL THEN 1 ELSE 0 END)"
        return self._ask(f"HAVING count({name}) > 0 AND {values} < {least}")

    def _ask(self, having: str) -> tuple[int, tuple[int, ...]]:
        classes = (
            f"SELECT {self._people} AS people, min(file_row_number) + 1 AS first_row "  # noqa: S608 - quoted
            f"FROM {self._read} GROUP BY {self._by} {having}"
        )
        query = (
            f"SELECT coalesce(sum(people), 0), "  # noqa: S608 - quoted
            f"list_slice(list_sort(list(first_row)), 1, {POSITIONS}) FROM ({classes})"
        )
        ((people, rows),) = self._connection.execute(query).fetchall()
        return int(people), tuple(int(row) for row in rows or ())


def summary(findings: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many findings there are of each severity."""
    counts = dict.fromkeys(map(str, Severity), 0)
    for finding in findings:
        counts[finding["severity"]] += 1
    return counts
