"""A folder of DICOM files through the gate: treated, verified, indexed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from provisioning.extracts.dictionary import Images
from provisioning.extracts.tabulate import convert, stage_csv
from provisioning.gate import transforms, verification
from provisioning.gate.dicom import index as indexes
from provisioning.gate.dicom.deidentify import Deidentifier
from provisioning.gate.dicom.profile import EDITION
from provisioning.gate.dicom.reasons import SUSPECTS, Reason
from provisioning.gate.dicom.treat import Treated, treat
from provisioning.gate.dicom.verify import Verification
from provisioning.gate.policy import Policy
from provisioning.gate.report import Finding, Severity
from provisioning.refusal import Refusal

_NOTES = {
    "text-unreadable": "Text that nobody can say the letters of was emptied.",
    "value-not-of-its-type": "Values that are not of their type were left out.",
    "text-named-someone": "Identifiers in the attribute were taken out.",
}


@dataclass(frozen=True)
class MadeImages:
    """What a folder became: its part of the manifest, the tables of its index, files, findings."""

    document: dict[str, Any]
    tables: list[dict[str, Any]]
    files: list[str]
    findings: list[Finding]


def make_images(  # noqa: PLR0917
    folder: Path,
    scratch: Path,
    images: Images,
    policy: Policy,
    source: Path,
    key: bytes,
    connection: duckdb.DuckDBPyConnection,
    progress: Callable[[str, str, int, int], None],
) -> MadeImages:
    """De-identify the files below ``source`` into ``folder``, verify them, and index them.

    Raises `Refusal` where no file may be in the extract, or more than it may have.
    """
    rules = policy.images[images.name]
    index = indexes.Index(images, rules, scratch)
    treated = treat(
        images.name,
        source,
        folder,
        Deidentifier(rules, key, policy.shift_days),
        index.row,
        lambda done, whole: progress("images", images.name, done, whole),
    )
    rows = index.close()
    if not treated.produced:
        raise Refusal(
            "{folder} holds no image that may be in the extract. Set aside: {reasons}.",
            folder=f"{images.folder}/",
            reasons=", ".join(f"{reason} {one.count}" for reason, one in sorted(treated.set_aside.items())),
        )
    whole = len(treated.produced)
    findings = [
        *_set_aside(images.name, treated),
        *Verification(images.name, rules, key, policy.shift_days, policy.base.tolerated).look(
            folder, treated.produced, lambda done: progress("verify", images.name, done, whole)
        ),
    ]
    tables = []
    stage_csv(connection, rows, index.instances(), f"{images.folder}/")
    indexes.by_file(connection)
    for table in (index.instances(), index.series()):
        if table.name == indexes.names(images)[1]:
            index.to_series(connection)
        target = folder / f"{table.name}.parquet"
        kept = [
            (column, output)
            for column in table.columns
            if (output := transforms.output(column, transforms.Treatment("keep"))) is not None
        ]
        tables.append(convert(connection, table, target, kept, transforms.offset_column(None, 1), table.file))
        known = replace(policy, tables={table.name: index.rules(table)})
        findings += verification.verify_table(target, table.name, known, connection)
    connection.execute("DROP TABLE staged")
    document = {
        "name": images.name,
        "folder": images.name,
        "title": images.title,
        "files": whole,
        "set_aside": sum(one.count for one in treated.set_aside.values()),
        "profile": EDITION,
        "options": [meaning for _, meaning in rules.options.codes()],
        "tables": [table["name"] for table in tables],
    }
    files = [one.path for one in treated.produced] + [table["file"] for table in tables]
    return MadeImages(document, tables, files, findings)


def _set_aside(name: str, treated: Treated) -> Iterator[Finding]:
    for reason, tally in sorted(treated.set_aside.items()):
        yield Finding(
            "set-aside",
            Severity.NOTE,
            "The files are not in the extract: their pixels may show identifiers."
            if reason in SUSPECTS
            else "The files are not in the extract: they are no images that can be read and treated.",
            table=name,
            kind=str(Reason(reason)),
            count=tally.count,
            positions=tuple(tally.positions),
        )
    for (rule, attribute), count in sorted(treated.notes.items()):
        yield Finding(rule, Severity.NOTE, _NOTES[rule], table=name, column=attribute, count=count)
