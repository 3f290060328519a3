"""The dictionaries in which Jupyter's contents API describes files and folders."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from typing import Any

from export_guard.contents.descriptors import FILE, FOLDER, Entry

Model = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HASH = "sha256"


def model_of(entry: Entry, path: str, *, writable: bool, kind: str | None = None) -> Model:
    """The model without content. What is neither a file nor a folder is a file that nobody can open.

    ``unavailable`` is no key of Jupyter's: it holds the reason ('link', 'special', 'hard-link') or None,
    for the file browser to show.
    """
    available = entry.kind in (FILE, FOLDER)
    if entry.kind == FOLDER:
        kind = "directory"
    elif kind is None:
        kind = "notebook" if available and entry.name.endswith(".ipynb") else "file"
    return {
        "name": entry.name,
        "path": path.strip("/"),
        "type": kind,
        "writable": writable and available and entry.writable,
        "created": _time(entry.changed),
        "last_modified": _time(entry.modified),
        "size": entry.size if entry.kind == FILE else None,
        "mimetype": _media_type(entry.name) if kind == "file" and available else None,
        "content": None,
        "format": None,
        "hash": None,
        "hash_algorithm": None,
        "unavailable": None if available else entry.kind,
    }


def _media_type(name: str) -> str:
    # Only the suffix is given: of a whole name such as `data:text/html,` it makes an address.
    stem, dot, suffix = name.rpartition(".")
    return mimetypes.guess_type(f"name.{suffix}")[0] or "text/plain" if stem and dot else "text/plain"


def _time(seconds: float) -> datetime:
    """The engine sets a file's times to whatever it likes, the year 300,000 included."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return EPOCH
