"""``carrel backup`` and ``carrel restore``: a site in one archive, and its keys in a sealed file apart."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from provisioning.audit import trail
from provisioning.audit.actor import printable
from provisioning.audit.upgrade import upgrade_recorded
from provisioning.backup import create, keys, places, restore
from provisioning.backup.archive import Counted, Progress
from provisioning.command.answer import Answer
from provisioning.command.arguments import verb, writing
from provisioning.refusal import Refusal
from provisioning.registry import database

EVERY = 5.0
"""Seconds between two lines of progress."""
LONGEST_SECRET = 4096


def add_to(nouns: Any) -> None:
    parser = verb(nouns, "backup", _backup, "write the site into an archive, and its keys into a sealed file")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE|FOLDER", help="where the archive goes"
    )
    _add_keys(parser, "--keys-to", "where the sealed keys go: another folder, best another disk")
    parser.add_argument(
        "--extracts",
        choices=(create.WHOLE, create.MANIFEST_ONLY),
        default=create.WHOLE,
        help="what of extracts is copied; with manifest their files must come back from elsewhere",
    )
    parser = verb(nouns, "restore", _restore, "put a backup in place on an empty site")
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FILE", help="the archive")
    _add_keys(parser, "--keys", "the sealed keys that were made with it")
    parser.add_argument("--check", action="store_true", help="verify the archive and change nothing")


def _add_keys(parser: ArgumentParser, name: str, help_text: str) -> None:
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument(name, dest="keys", type=Path, metavar="FILE|FOLDER", help=help_text)
    chosen.add_argument("--without-keys", action="store_true", help="leave the keys out")
    parser.add_argument(
        "--passphrase-file",
        metavar="FILE",
        default="-",
        help="whose first line is the keys' passphrase; - for standard input, the default",
    )


def _secret(chosen: Namespace) -> str | None:
    if chosen.without_keys:
        return None
    if chosen.passphrase_file == "-":  # noqa: S105 (a file's name)
        return keys.passphrase(sys.stdin.readline(LONGEST_SECRET))
    try:
        with open(chosen.passphrase_file, encoding="utf-8") as file:
            return keys.passphrase(file.readline(LONGEST_SECRET))
    except (OSError, ValueError) as error:
        raise Refusal("The passphrase file {file} cannot be read.", file=chosen.passphrase_file) from error


def _backup(chosen: Namespace) -> Answer:
    made = create.backup(
        places.of_settings(),
        chosen.to,
        keys_to=chosen.keys,
        secret=_secret(chosen),
        site=os.environ.get("CARREL_SITE") or "carrel",
        version=os.environ.get("CARREL_VERSION") or "",
        extracts=chosen.extracts,
        progress=_progress(),
    )
    _record("backup-made", made.count.digest, made.archive)
    data = {
        "archive": made.archive,
        "keys": made.keys,
        **_counted(made.count),
        "finished_earlier_run": made.finished,
    }
    lines = [f"{made.archive}", *_lines(made.count), f"keys: {made.keys or '-'}"]
    return Answer(
        {name: str(value) if isinstance(value, Path) else value for name, value in data.items()}, lines
    )


def _restore(chosen: Namespace) -> Answer:
    secret = _secret(chosen)
    bundle = keys.unseal(chosen.keys, secret) if secret is not None else None
    if chosen.check:
        count = restore.verify(chosen.source, bundle, _progress())
        return Answer({**_counted(count), "restored": False}, ["the backup is whole", *_lines(count)])
    done = restore.restore(places.of_settings(), chosen.source, bundle, _progress())
    upgrade_recorded()  # as the hub would at its start: a backup may be of an older version
    _record("backup-restored", done.count.digest if done.count else None, chosen.source)
    data = {"backup": done.backup, "keys": done.keys, "restored": True, "finished_earlier_run": done.finished}
    if done.count is None:
        return Answer(data, ["the restore that was begun before is finished"])
    return Answer({**data, **_counted(done.count)}, ["the backup is restored", *_lines(done.count)])


def _record(kind: str, digest: str | None, path: Path) -> None:
    """On the trail of the registry that was copied, or that is in place now."""
    revision, newest = database.revisions()
    if revision != newest:
        print(f"not on the audit trail: the registry is at {revision}, not {newest}", file=sys.stderr)
        return
    with writing() as session:
        detail = {"path": printable(str(path))[-200:], **({"digest": digest} if digest else {})}
        trail.record(session, kind, detail=detail)


def _counted(count: Counted) -> dict[str, Any]:
    return {
        "backup": count.id,
        "digest": count.digest,
        "files": count.files,
        "bytes": count.bytes,
        "skipped": count.skipped,
        "skipped_count": count.skipped_count,
        "changed_count": count.changed_count,
        "made": count.header.get("made"),
        "site": count.header.get("site"),
        "version": count.header.get("version"),
        "extracts": count.header.get("extracts"),
    }


def _lines(count: Counted) -> list[str]:
    lines = [f"{count.files} files, {count.bytes} bytes, {count.digest}"]
    if count.skipped_count:
        shown = ", ".join(f"{each['path']} ({each['why']})" for each in count.skipped[:10])
        lines.append(
            f"not copied: {count.skipped_count}: {shown}".encode("utf-8", "backslashreplace").decode()
        )
    if count.changed_count:
        lines.append(f"written to while they were copied: {count.changed_count}")
    return lines


def _progress() -> Progress:
    """Now and then a line on standard error."""
    last = time.monotonic()

    def tell(files: int, size: int) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            last = time.monotonic()
            print(f"{files} files, {size / 1024**3:.1f} GiB", file=sys.stderr, flush=True)

    return tell
