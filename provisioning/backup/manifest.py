"""What an archive promises: one JSON line for each folder and file, in the archive's order.

A reader computes the same lines from what it finds, so an archive of any size is compared line by line.
Between them stand notes: what was not copied, and what changed while it was. The SHA-256 of all lines
is the archive's digest.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from typing import IO, Any

FORMAT = "carrel-backup-1"
HEADER = "carrel-backup.json"
MANIFEST = "manifest.jsonl"
LONGEST_LINE = 64 * 1024
"""Bytes: a path of PATH_MAX (4096), each byte escaped, and the rest."""


def line_of(member: tarfile.TarInfo, sha256: str) -> bytes:
    """A member's line; ``sha256`` is that of a file's content, empty for a folder."""
    document: dict[str, Any] = {
        "path": member.name,
        "mode": member.mode,
        "uid": member.uid,
        "gid": member.gid,
        "mtime": int(member.mtime),
    }
    if member.isreg():
        document |= {"size": member.size, "sha256": sha256}
    return _line(document)


def note(kind: str, path: str, why: str) -> bytes:
    """A line about ``path`` that no member stands for; ``kind`` is ``skipped`` or ``changed``."""
    return _line({kind: path, "why": why})


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n"


class Lines:
    """Lines written one after another to ``file``, counted and digested."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.size = 0
        self._hash = hashlib.sha256()

    def add(self, line: bytes) -> None:
        """Append one line."""
        self.file.write(line)
        self.size += len(line)
        self._hash.update(line)

    @property
    def digest(self) -> str:
        """``sha256:`` and 64 hexadecimal digits."""
        return f"sha256:{self._hash.hexdigest()}"
