"""``carrel audit``: reading the audit trail, signing its head, verifying that it is whole."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.exc import DBAPIError

from provisioning.audit import (
    archives,
    forward,
    keys,
    kinds,
    reading,
    retention,
    seals,
    syslog,
    trail,
    usage,
)
from provisioning.audit.chain import canonical
from provisioning.audit.heads import anchors, heads, sign_head
from provisioning.audit.standing import standing
from provisioning.audit.verify import TrailBroken, verify
from provisioning.command import arguments
from provisioning.command.answer import Answer, fields, table
from provisioning.command.arguments import noun, verb
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.models import AuditRecord
from provisioning.settings import archive_root, keys_root


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "audit", "the audit trail: what happened, who did it, and whether the trail is whole")
    add_list(verbs)
    parser = verb(verbs, "access", _access, "list when an extract was mounted, and by whom")
    parser.add_argument("--extract", required=True, metavar="EXTRACT", help="NAME or NAME@VERSION")
    _add_archives(parser)
    parser = verb(
        verbs,
        "usage",
        _usage,
        "add up processor, memory and GPU hours by project",
        ["carrel audit usage --project breast-survival --from 2026-01-01 --to 2026-04-01 --json"],
    )
    parser.add_argument("--project", metavar="PROJECT", help="of this project only")
    for name, dest, said in (("from", "since", "from"), ("to", "until", "before")):
        parser.add_argument(
            f"--{name}",
            dest=dest,
            type=_moment,
            metavar="TIME",
            help=f"{said} YYYY-MM-DD or YYYY-MM-DDTHH:MM",
        )
    parser.add_argument("--by-user", action="store_true", help="a row for each account in each project")
    _add_archives(parser)
    verb(verbs, "status", _status, "say what is signed, anchored, archived and handed on, and what waits")
    add_export(verbs)
    parser = verb(verbs, "anchor", _anchor, "sign the last record and print it, to be kept outside the site")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it to FILE instead")
    parser = verb(
        verbs, "verify", _verify, "name the first record changed, removed, put in, moved or cut off"
    )
    parser.add_argument(
        "--anchor", type=Path, action="append", default=[], metavar="FILE", help="hold it to this anchor too"
    )
    _add_archives(parser)
    parser = verb(verbs, "prune", _prune, "put what is old into a signed archive, and remove it")
    parser.add_argument(
        "--older-than",
        type=int,
        default=retention.LEAST_DAYS,
        metavar="DAYS",
        help=f"records received longer ago; {retention.LEAST_DAYS} at least, the default",
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="default: audit in CARREL_DATA")
    _add_keys(parser)


def _add_archives(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--archive",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="read this archive of what was pruned, too",
    )
    _add_keys(parser)


def _add_keys(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help=f"a public key (PEM) that signed; default: {keys.PUBLIC} in CARREL_KEYS",
    )


def add_export(verbs: Any) -> None:
    """The verb ``export``."""
    parser = verb(
        verbs,
        "export",
        _export,
        "print every record as JSON lines, or send them to a syslog receiver, oldest first",
        ["carrel audit export --syslog tls://logs.example:6514 --ca ca.pem"],
    )
    parser.add_argument("--after", type=int, default=0, metavar="N", help="only those behind record N")
    parser.add_argument(
        "--syslog",
        metavar="ADDRESS",
        help="tls://, tcp:// or udp://HOST:PORT, unix:// or unix-stream:///PATH (RFC 5424)",
    )
    parser.add_argument("--ca", default="", metavar="FILE", help="PEM that the receiver's certificate is by")
    parser.add_argument("--certificate", default="", metavar="FILE", help="our own, where it asks for one")
    parser.add_argument(
        "--plain-end", action="store_true", help="where the receiver ends TLS without close_notify"
    )
    parser.add_argument("--certificate-key", default="", metavar="FILE", help="its private key")


def add_list(verbs: Any) -> None:
    """The verb ``list``."""
    parser = verb(verbs, "list", _list, "list records, newest first")
    parser.add_argument("--user", metavar="ACCOUNT", help="of this account only")
    parser.add_argument("--project", metavar="PROJECT", help="of this project only")
    parser.add_argument("--extract", metavar="EXTRACT", help="about NAME, or NAME@VERSION, only")
    known = list(kinds.schemas())
    parser.add_argument("--kind", choices=known, metavar="KIND", help=", ".join(known))
    for name, said in (("since", "from"), ("until", "before")):
        parser.add_argument(
            f"--{name}",
            type=_moment,
            metavar="TIME",
            help=f"{said} YYYY-MM-DD or YYYY-MM-DDTHH:MM, by this clock",
        )
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N (default 100)")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write YYYY-MM-DD or YYYY-MM-DDTHH:MM"
        ) from error


def _row(record: AuditRecord) -> dict[str, Any]:
    names = ("number", "id", "time", "received", "source", "user", "project", "extract", "kind", "detail")
    return {name: getattr(record, name) for name in names}


def _list(chosen: Namespace) -> Answer:
    wanted = ("user", "project", "extract", "kind", "since", "until")
    with arguments.reading() as session:
        found = reading.records(
            session, limit=max(1, chosen.limit), **{name: getattr(chosen, name) for name in wanted}
        )
    columns = ("number", "time", "user", "project", "extract", "kind", "detail")
    return table([_row(record) for record in found], columns)


def _access(chosen: Namespace) -> Answer:
    rows = [line for line in _archived(chosen) if reading.is_access(line, chosen.extract)]
    with arguments.reading() as session:
        rows += [_row(record) for record in reading.accesses(session, chosen.extract)]
    return table(rows, ("time", "user", "project", "extract", "detail"))


def _export(chosen: Namespace) -> Answer:
    if chosen.syslog:
        return _send(chosen)
    with arguments.reading() as session:
        for line in reading.lines(session, chosen.after):
            print(canonical(line))
    return Answer([], []) if not chosen.json else Answer({"exported": True}, [])


def _status(chosen: Namespace) -> Answer:
    with arguments.reading() as session:
        return fields(standing(session))


def _archived(chosen: Namespace) -> Iterator[dict[str, Any]]:
    """The pruned records in the archives that were given, each once, and verified to its end first."""
    if not chosen.archive:
        return
    known = _known(chosen.key)
    with arguments.reading() as session:
        pruned = max((seal.last for seal in seals.kept(session)), default=0)
    last = 0
    for first, file in sorted((archives.verify(file, known)[0].first, file) for file in chosen.archive):
        for line in archives.lines(file):
            if max(last, first - 1) < line["number"] <= pruned:
                last = line["number"]
                yield line


def _usage(chosen: Namespace) -> Answer:
    with arguments.reading() as session:
        when = {"since": chosen.since, "until": chosen.until}
        found = usage.usage(session, project=chosen.project, **when, archived=_archived(chosen))
    named: list[tuple[dict[str, str], usage.Usage]] = (
        [({"project": project, "user": user}, found[project, user]) for project, user in sorted(found)]
        if chosen.by_user
        else [({"project": project}, each) for project, each in usage.by_project(found)]
    )
    rows = [{**who, **{name: round(hours, 4) for name, hours in asdict(each).items()}} for who, each in named]
    columns = ["project", *(["user"] if chosen.by_user else []), *asdict(usage.Usage())]
    return table(rows, columns)


def _send(chosen: Namespace) -> Answer:
    files = chosen.ca, chosen.certificate, chosen.certificate_key
    to = syslog.receiver(chosen.syslog, *files, plain_end=chosen.plain_end)
    count, last, host = 0, chosen.after, socket.gethostname()
    with arguments.reading() as session:
        for batch in batched(reading.lines(session, chosen.after), forward.BATCH):
            syslog.send(to, [syslog.message(line, host) for line in batch])
            count, last = count + len(batch), batch[-1]["number"]
    return Answer({"exported": count, "last": last}, [f"{count} records sent to {to.address}, up to {last}"])


def batched(lines: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """``lines``, ``size`` at a time."""
    rest = iter(lines)
    while batch := list(islice(rest, size)):
        yield batch


def _prune(chosen: Namespace) -> Answer:
    if chosen.older_than < retention.LEAST_DAYS:
        raise Refusal(
            "Records are kept for {least} days at least: --older-than {days} is too few.",
            least=retention.LEAST_DAYS,
            days=chosen.older_than,
        )
    folder = chosen.to or archive_root()
    engine = database.engine()
    try:
        made = retention.prune(
            engine,
            folder,
            keys.signing_key(),
            chosen.older_than,
            others=_known(chosen.key) if chosen.key else None,
        )
    finally:
        engine.dispose()
    rows = [
        {
            "archive": str(folder / archives.name(seal.first, seal.last)),
            "first": seal.first,
            "last": seal.last,
        }
        for seal in made
    ]
    lines = [f"records {row['first']} to {row['last']} are in {row['archive']}" for row in rows]
    return Answer(rows, lines or ["nothing is old enough"])


def _anchor(chosen: Namespace) -> Answer:
    key = keys.signing_key()
    with arguments.writing() as session:
        head = sign_head(session, key)
        detail = {"number": head.number, "hash": head.hash, "fingerprint": head.key}
        trail.record(session, "audit-anchored", detail=detail)
    content = json.dumps(asdict(head), indent=1)
    if chosen.out is not None:
        _write(chosen.out, content + "\n")
        return Answer(asdict(head), [f"record {head.number} is anchored in {chosen.out}"])
    return Answer(asdict(head), [content])


def _verify(chosen: Namespace) -> Answer:
    outside = anchors(chosen.anchor)
    with arguments.reading() as session:
        kept = heads(session)
        known = _known(chosen.key) if kept or outside or chosen.archive or seals.kept(session) else {}
        try:
            verified = verify(session, kept + outside, known, chosen.archive)
        except TrailBroken as broken:
            session.rollback()
            _found("audit-broken", {"number": broken.number})
            raise
    last = verified.first + verified.records - 1
    count = verified.records + verified.archived
    _found("audit-verified", {"number": last, "count": count, "heads": verified.heads})
    lines = [f"{verified.records} records are whole, held to {verified.heads} signed heads"]
    if verified.archived:
        lines.append(f"{verified.archived} records in archives are whole")
    if verified.unseen:
        lines.append(f"{verified.unseen} heads are of records in archives that were not given: --archive")
    return Answer(asdict(verified), lines)


def _found(kind: str, detail: dict[str, int]) -> None:
    """That somebody looked, and what they found. A registry that cannot be written hides no finding."""
    try:
        with arguments.writing() as session:
            trail.record(session, kind, detail=detail)
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        print(f"not on the audit trail itself: {reason}", file=sys.stderr)


def _known(given: list[Path]) -> dict[str, Ed25519PublicKey]:
    files = given or [keys_root() / keys.PUBLIC]
    return {keys.fingerprint(key): key for key in map(keys.public_key, files)}


def _write(file: Path, content: str) -> None:
    """Whole or not at all."""
    half = file.with_name(file.name + ".new")
    try:
        with half.open("w") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
    except OSError as error:
        raise Refusal(
            "The anchor cannot be written to {file}: {reason}.", file=file, reason=error.strerror
        ) from error
