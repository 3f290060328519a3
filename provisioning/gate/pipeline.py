"""From source files to a folder that is de-identified by the policy and verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.extracts.dictionary import Column, Dictionary, Table
from provisioning.extracts.tabulate import TableRefused, connect, convert
from provisioning.gate import sources, transforms, verification
from provisioning.gate.dicom.images import make_images
from provisioning.gate.policy import Policy, TablePolicy
from provisioning.gate.report import as_made
from provisioning.lined_yaml import FileRefused
from provisioning.refusal import Refusal

Progress = Callable[[str, str, int, int], None]
"""Hears the step, the table, and how much is done out of how much (bytes or rows)."""
SCHEMA = "carrel.gate/1"


def quiet(step: str, name: str, done: int, whole: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Made:
    """What lies in the folder: the manifest's tables and report, and the files' paths in it."""

    tables: list[dict[str, Any]]
    gate: dict[str, Any]
    files: list[str]
    images: list[dict[str, Any]]


def make(
    folder: Path,
    scratch: Path,
    dictionary: Dictionary,
    policy: Policy,
    found: dict[str, Path],
    *,
    key: bytes | None,
    project: str | None,
    progress: Progress = quiet,
) -> Made:
    """De-identify the sources ``found`` into ``folder`` and verify what came out.

    ``scratch`` is an empty folder for what is half done. Raises `TableRefused` with every fault found.
    """
    check(dictionary, policy)
    tables: list[dict[str, Any]] = []
    findings = []
    faults: list[Refusal] = []
    files: list[str] = []
    with connect(scratch) as connection:
        if key is not None:
            transforms.use_key(connection, key)
        transforms.use_redaction(connection)
        for table in dictionary.tables:
            rules, target = policy.tables[table.name], folder / f"{table.name}.parquet"
            source = found[table.name]
            size = source.stat().st_size if source.is_file() else 0
            try:
                treated = _treated(table, rules)
                progress("read", table.name, 0, size)
                rows = sources.stage(connection, source, table, scratch)
                progress("read", table.name, size, size)
                patient = next((one for one in table.columns if one.name == rules.patient), None)
                offset = transforms.offset_column(patient if key else None, policy.shift_days)
                made = convert(connection, table, target, treated, offset, table.file)
                progress("treat", table.name, rows, rows)
            except TableRefused as refused:
                faults += refused.faults
                continue
            connection.execute("DROP TABLE staged")
            tables.append(made)
            files.append(target.name)
            done = 0

            def more(looked: int, name: str = table.name, rows: int = rows) -> None:
                nonlocal done
                done += looked
                progress("verify", name, done, rows)

            findings += verification.verify_table(target, table.name, policy, connection, more)
        images = []
        for one in dictionary.images if not faults else ():
            assert key is not None  # a policy on images is keyed
            pictures = make_images(folder, scratch, one, policy, found[one.name], key, connection, progress)
            images.append(pictures.document)
            tables += pictures.tables
            files += pictures.files
            findings += pictures.findings
    if faults:
        raise TableRefused(faults)
    findings += verification.verify_files(folder, files)
    documents = [finding.document() for finding in findings]
    gate = as_made(
        {
            "schema": SCHEMA,
            "verified": False,
            "policy": policy.digest,
            "extends": policy.base.name,
            "title": policy.base.title,
            "clauses": policy.base.clauses,
            "project": project if policy.keyed else None,
            "k": policy.k,
            "l": policy.l,
            "treatments": {
                name: {column: one.by or one.action for column, one in rules.columns.items()}
                for name, rules in policy.tables.items()
            }
            | {name: rules.treatments() for name, rules in policy.images.items()},
            "findings": documents,
            "overrides": [],
        }
    )
    return Made(tables, gate, files, images)


def check(dictionary: Dictionary, policy: Policy) -> None:
    """Refuse a policy that does not name each table and column, or names what is not there."""
    faults: list[Refusal] = []

    def fault(message: str, **values: object) -> None:
        faults.append(FileRefused(message, (policy.path, 1), **values))

    described = {table.name: table for table in dictionary.tables}
    for name in sorted(policy.tables.keys() - described.keys()):
        fault("{table} is not in the dictionary. Take it out of the policy.", table=name)
    for name, table in described.items():
        rules = policy.tables.get(name)
        if rules is None:
            fault("{table} is not in the policy. Say what happens to its columns.", table=name)
            continue
        columns = {column.name for column in table.columns}
        for column in sorted(columns - rules.columns.keys()):
            fault(
                "{column} of {table} is not in the policy. Say what happens to it; drop is an answer.",
                column=column,
                table=name,
            )
        for column in sorted(rules.columns.keys() - columns):
            fault("{column} of {table} is not in the dictionary.", column=column, table=name)
        if not {column for column in columns if rules.columns.get(column) and _stays(rules, column)}:
            fault("{table} keeps no column. Take it out of the dictionary.", table=name)
    folders = {one.name for one in dictionary.images}
    for name in sorted(policy.images.keys() - folders):
        fault("{table} is not in the dictionary. Take it out of the policy.", table=name)
    for name in sorted(folders - policy.images.keys()):
        fault("{table} is not in the policy. Say what happens to its images.", table=name)
    if faults:
        raise TableRefused(faults)


def _stays(rules: TablePolicy, column: str) -> bool:
    return rules.columns[column].action != "drop"


def _treated(table: Table, rules: TablePolicy) -> list[tuple[Column, transforms.Output]]:
    faults: list[Refusal] = []
    treated = []
    for column in table.columns:
        try:
            output = transforms.output(column, rules.columns[column.name])
        except Refusal as refusal:
            faults.append(refusal)
            continue
        if output is not None:
            treated.append((column, output))
    if faults:
        raise TableRefused(faults)
    return treated
