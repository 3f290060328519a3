"""What a notebook may bring into the workspace when a browser saves it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from export_guard.contents.notebooks import Notebook
from export_guard.contents.problems import Refused

KIB = 1 << 10


@dataclass(frozen=True)
class SavedLimits:
    """All in bytes of UTF-8, metadata as JSON."""

    cell_bytes: int = 256 * KIB
    typed_bytes: int = 1024 * KIB
    """Of the sources of all cells together."""
    cell_metadata_bytes: int = 64 * KIB
    notebook_metadata_bytes: int = 1024 * KIB
    """Large enough for the widgets' state, which JupyterLab may keep there."""


def check_saved(
    notebook: Notebook, previous: Callable[[], Notebook | None], limits: SavedLimits | None = None
) -> None:
    """Refuse what nobody types: huge cells, huge metadata, files attached to a cell.

    ``notebook`` went through `notebooks.checked`. ``previous`` reads what is on the disk, its cells as
    they are and as they are shown: an attachment that is there already may stay. Raises `Refused`.
    """
    limits = limits or SavedLimits()
    if _size(notebook["metadata"]) > limits.notebook_metadata_bytes:
        raise Refused("large-metadata", limit=limits.notebook_metadata_bytes)
    typed = 0
    for cell in notebook["cells"]:
        size = len(cell["source"].encode("utf-8", "replace"))
        typed += size
        if size > limits.cell_bytes:
            raise Refused("large-cell", limit=limits.cell_bytes)
        if typed > limits.typed_bytes:
            raise Refused("too-large-saved", limit=limits.typed_bytes)
        if _size(cell["metadata"]) > limits.cell_metadata_bytes:
            raise Refused("large-metadata", limit=limits.cell_metadata_bytes)
    attached = set(_attachments(notebook))
    if attached and not attached <= set(_attachments(previous() or {"cells": []})):
        raise Refused("attachment")


def typed_in(notebook: Notebook) -> Iterator[str]:
    """The texts in a notebook that a person, or a page, writes: sources, and metadata as JSON in lines."""
    yield _lines(notebook.get("metadata"))
    for cell in notebook["cells"]:
        yield cell["source"]
        yield _lines(cell.get("metadata"))


def _lines(metadata: Any) -> str:
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, indent=0) if metadata else ""


def _attachments(notebook: Notebook) -> Iterator[bytes]:
    """A digest of each attachment's content; its name is no part of it."""
    for cell in notebook["cells"]:
        for bundle in cell.get("attachments", {}).values():
            yield hashlib.sha256(_encoded(bundle)).digest()


def _size(value: Any) -> int:
    return len(_encoded(value)) if value else 0


def _encoded(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        raise Refused("content") from None
