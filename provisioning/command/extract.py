"""``carrel extract``: making, listing, verifying and withdrawing extracts."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from provisioning.audit import trail
from provisioning.command.answer import Answer, done, table
from provisioning.command.arguments import noun, reading, verb, writing
from provisioning.extracts.manifest import ExtractDamaged, verify
from provisioning.extracts.record import record, withdraw
from provisioning.extracts.register import register
from provisioning.gate.overrides import override
from provisioning.gate.progress import shown_on
from provisioning.gate.verification import summary
from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_extract, get_project
from provisioning.registry.models import Extract, ExtractStatus
from provisioning.settings import extracts_root


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "extract", "extracts: read-only folders of data")
    parser = verb(verbs, "register", _register, "make an extract: de-identify, then verify what came out")
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="a CSV, XLSX or Parquet file, or a folder of them and of DICOM folders",
    )
    parser.add_argument(
        "--dictionary",
        type=Path,
        metavar="FILE",
        help="default: dictionary.yaml in SOURCE, or beside it",
    )
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="default: policy.yaml in SOURCE, or beside it"
    )
    parser.add_argument("--project", metavar="NAME", help="whose key makes pseudonyms and date offsets")
    parser.add_argument("--by", metavar="PERSON", help="who registers it; somebody else overrides findings")
    parser.add_argument("--progress", action="store_true", help="show progress; default: on a terminal")
    parser.add_argument("--version", type=int, metavar="N", help="default: the next version")
    verb(verbs, "list", _list, "list the extracts")
    parser = verb(verbs, "verify", _verify, "compare every byte with what was registered")
    parser.add_argument("extract", metavar="EXTRACT", nargs="?", help="NAME or NAME@VERSION; default: all")
    parser = verb(verbs, "report", _report, "what the extract gate found")
    parser.add_argument("extract", metavar="NAME@VERSION")
    parser = verb(verbs, "override", _override, "accept a finding that holds an extract, as a second person")
    parser.add_argument("extract", metavar="NAME@VERSION")
    parser.add_argument("--finding", required=True, metavar="ID", help="see `carrel extract report`")
    parser.add_argument("--reason", required=True, metavar="TEXT")
    parser.add_argument("--by", required=True, metavar="PERSON")
    parser = verb(verbs, "withdraw", _withdraw, "stop mounting a version anywhere, for good")
    parser.add_argument("extract", metavar="NAME@VERSION")


def _register(chosen: Namespace) -> Answer:
    source: Path = chosen.source
    beside = source if source.is_dir() else source.parent
    if chosen.version is not None and chosen.version < 1:
        raise Refusal("--version must be 1 or more.")
    if chosen.project:
        with reading() as session:
            get_project(session, chosen.project)
    with shown_on(sys.stderr, always=chosen.progress) as progress:
        made = register(
            source,
            chosen.dictionary or beside / "dictionary.yaml",
            chosen.policy or beside / "policy.yaml",
            extracts_root(),
            chosen.version,
            project=chosen.project,
            progress=progress,
        )
    with writing() as session:
        extract = record(session, made, chosen.by)
        row = _row(extract)
    line = f"{extract.name}@{extract.version} {extract.digest}" + ("" if made.made else " (was there)")
    if extract.status is ExtractStatus.HELD:
        line += f" is held: see `carrel extract report {extract.name}@{extract.version}`"
    return done(line, **row, made=made.made, findings=summary(made.manifest.document["gate"]["findings"]))


def _report(chosen: Namespace) -> Answer:
    with reading() as session:
        extract = get_extract(session, chosen.extract)
    gate = extract.manifest.get("gate") or {}
    shown = ("id", "severity", "rule", "kind", "table", "column", "file", "count", "positions", "reason")
    listed = table([{key: one[key] for key in shown} for one in gate.get("findings", [])], shown)
    data = {"extract": f"{extract.name}@{extract.version}", "status": extract.status, "gate": gate or None}
    overrides = [
        f"overridden: {one['finding']} by {one['by']}: {one['reason']}" for one in gate.get("overrides", [])
    ]
    return Answer(data, [f"{data['extract']} is {extract.status}", *listed.lines, *overrides])


def _override(chosen: Namespace) -> Answer:
    with writing() as session:
        extract = get_extract(session, chosen.extract)
        left = override(session, extract, chosen.finding, chosen.reason, chosen.by, extracts_root())
        row = _row(extract)
    line = f"{chosen.extract}: {chosen.finding} is overridden; {len(left)} findings hold it still"
    return done(line, **row, holding=left)


def _row(extract: Extract) -> dict[str, Any]:
    names = (
        "name",
        "version",
        "status",
        "title_en",
        "title_zh",
        "digest",
        "folder",
        "registered",
        "registered_by",
    )
    return {name: getattr(extract, name) for name in names}


def _list(chosen: Namespace) -> Answer:
    with reading() as session:
        query = select(Extract).order_by(Extract.name, Extract.version)
        rows = [_row(extract) for extract in session.scalars(query)]
    return table(rows, ("name", "version", "status", "title_en", "title_zh", "digest"))


def _verify(chosen: Namespace) -> Answer:
    with reading() as session:
        if chosen.extract:
            extracts = [get_extract(session, chosen.extract)]
        else:
            query = select(Extract).where(Extract.status == ExtractStatus.VERIFIED)
            extracts = list(session.scalars(query.order_by(Extract.name, Extract.version)))
    for extract in extracts:
        try:
            verify(extracts_root() / extract.folder, extract.digest)
        except ExtractDamaged:
            with writing() as session:
                name = f"{extract.name}@{extract.version}"
                trail.record(session, "extract-damaged", extract=name, detail={"digest": extract.digest})
            raise
    names = [f"{extract.name}@{extract.version}" for extract in extracts]
    return Answer({"verified": names}, [f"{name} is as registered" for name in names])


def _withdraw(chosen: Namespace) -> Answer:
    if "@" not in chosen.extract:
        raise Refusal("Name the version to withdraw, such as {extract}@1.", extract=chosen.extract)
    with writing() as session:
        changed = withdraw(session, get_extract(session, chosen.extract))
    return done(f"{chosen.extract} is withdrawn", extract=chosen.extract, changed=changed)
