"""``carrel extract``: making, listing, verifying and withdrawing extracts."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from provisioning.command.answer import Answer, done, table
from provisioning.command.arguments import noun, reading, verb, writing
from provisioning.extracts.manifest import verify
from provisioning.extracts.record import record, withdraw
from provisioning.extracts.register import register
from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_extract
from provisioning.registry.models import Extract, ExtractStatus
from provisioning.settings import extracts_root


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "extract", "extracts: read-only folders of data")
    parser = verb(verbs, "register", _register, "make an extract from CSV files and their dictionary")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="a folder of CSV files, or one CSV file")
    parser.add_argument(
        "--dictionary",
        type=Path,
        metavar="FILE",
        help="default: dictionary.yaml in SOURCE, or beside it",
    )
    parser.add_argument("--version", type=int, metavar="N", help="default: the next version")
    verb(verbs, "list", _list, "list the extracts")
    parser = verb(verbs, "verify", _verify, "compare every byte with what was registered")
    parser.add_argument("extract", metavar="EXTRACT", nargs="?", help="NAME or NAME@VERSION; default: all")
    parser = verb(verbs, "withdraw", _withdraw, "stop mounting a version anywhere, for good")
    parser.add_argument("extract", metavar="NAME@VERSION")


def _register(chosen: Namespace) -> Answer:
    source: Path = chosen.source
    beside = source if source.is_dir() else source.parent
    if chosen.version is not None and chosen.version < 1:
        raise Refusal("--version must be 1 or more.")
    made = register(source, chosen.dictionary or beside / "dictionary.yaml", extracts_root(), chosen.version)
    with writing() as session:
        extract = record(session, made)
        row = _row(extract)
    line = f"{extract.name}@{extract.version} {extract.digest}" + ("" if made.made else " (was there)")
    return done(line, **row, made=made.made)


def _row(extract: Extract) -> dict[str, Any]:
    names = ("name", "version", "status", "title_en", "title_zh", "digest", "folder", "registered")
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
        verify(extracts_root() / extract.folder, extract.digest)
    names = [f"{extract.name}@{extract.version}" for extract in extracts]
    return Answer({"verified": names}, [f"{name} is as registered" for name in names])


def _withdraw(chosen: Namespace) -> Answer:
    if "@" not in chosen.extract:
        raise Refusal("Name the version to withdraw, such as {extract}@1.", extract=chosen.extract)
    with writing() as session:
        changed = withdraw(session, get_extract(session, chosen.extract))
    return done(f"{chosen.extract} is withdrawn", extract=chosen.extract, changed=changed)
