"""Saving what a person typed: a notebook, a text, a new folder. Nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nbformat.v4 import new_notebook

from export_guard.contents import notebooks, opening, texts
from export_guard.contents.descriptors import FOLDER
from export_guard.contents.kept_outputs import keep_outputs
from export_guard.contents.models import Model
from export_guard.contents.notebooks import Notebook
from export_guard.contents.problems import Refused
from export_guard.contents.saved import typed_in

if TYPE_CHECKING:
    from export_guard.contents.manager import GuardedContentsManager

CheckSaved = Callable[[Notebook, Callable[[], Notebook | None]], None]


def save(manager: GuardedContentsManager, model: Model, path: str) -> Model:
    """Save a model as Jupyter's ``ContentsManager.save`` does. Raises `Refused`."""
    manager.check_writable(path)
    manager.take_typed([path])
    kind, content = model.get("type"), model.get("content")
    if "chunk" in model:
        raise Refused("chunked")
    if model.get("format") not in (None, "text", "json"):
        raise Refused("base64")
    if kind == "directory":
        return _folder(manager, path)
    if kind == "notebook" and isinstance(content, dict):
        entry = manager.workspace.write(path, _notebook(manager, content, path))
        saved = manager.model(entry, path, "notebook")
        # One checkpoint of a notebook always exists, as Jupyter has it.
        if not manager.checkpoints.store.kept(path.strip("/")):
            manager.checkpoints.create(manager, path)
        return saved
    if kind == "file" and isinstance(content, str) and model.get("format") in (None, "text"):
        entry = manager.workspace.write(path, _text(manager, content, path))
        return manager.model(entry, path, "file")
    raise Refused("content")


def create(manager: GuardedContentsManager, path: str, kind: str) -> Model:
    """A new empty notebook, text or folder, never in place of anything. Raises `Refused`."""
    manager.check_writable(path)
    if kind == "directory":
        return manager.model(manager.workspace.make_folder(path), path)
    data = notebooks.serialise(notebooks.checked(new_notebook())) if kind == "notebook" else b""
    return manager.model(manager.workspace.write(path, data, replace=False), path, kind)


def _folder(manager: GuardedContentsManager, path: str) -> Model:
    """Jupyter takes a folder that is there already for saved."""
    try:
        entry = manager.workspace.make_folder(path)
    except Refused as refused:
        entry = manager.workspace.look(path)
        if refused.reason != "exists" or entry.kind != FOLDER:
            raise refused from None
    return manager.model(entry, path)


def _notebook(manager: GuardedContentsManager, content: dict[str, Any], path: str) -> bytes:
    try:
        notebook = notebooks.checked(content)
    except Refused:
        raise Refused("content") from None
    previous = lambda: _on_disk(manager, path)  # noqa: E731
    manager.check_saved(notebook, previous)
    manager.take_typed(typed_in(notebook), lambda: typed_in(previous() or {"cells": []}))
    if manager.shown is not None:
        notebook, strange = keep_outputs(notebook, previous, manager.shown, manager.spoken_language() or "en")
        if strange:
            manager.report_strange(strange)
    try:
        data = notebooks.serialise(notebook)
    except Refused as refused:
        raise Refused(refused.reason, path.strip("/").rpartition("/")[2]) from None
    # The policy holds the request to its own limit; on the disk it is longer, with its indentation. What
    # could not be opened again is not saved.
    if len(data) > manager.notebook_shown_bytes:
        raise Refused("too-large-saved", limit=manager.typed.notebook_bytes)
    return data


def _on_disk(manager: GuardedContentsManager, path: str) -> Notebook | None:
    """The notebook that is there, with its cells as they are followed by its cells as they are shown."""
    try:
        data, entry = manager.workspace.read(path, manager.notebook_shown_bytes)
        parsed, shown = opening.notebook_shown(manager, data, entry.name)
    except Refused:
        return None
    return parsed | {"cells": parsed["cells"] + shown["cells"]}


def _text(manager: GuardedContentsManager, content: str, path: str) -> bytes:
    name = path.strip("/").rpartition("/")[2]
    texts.check_whole(content, name)
    data = content.encode("utf-8", "replace")
    if len(data) > manager.typed.text_bytes:
        raise Refused("too-large-saved", limit=manager.typed.text_bytes)
    manager.take_typed([content], lambda: _text_on_disk(manager, path))
    try:
        found = manager.workspace.look(path)
    except Refused:
        return data
    # Only its beginning was ever shown, whatever the text in hand looks like.
    if found.size > manager.text_shown_bytes:
        raise Refused("in-part", name)
    return data


def _text_on_disk(manager: GuardedContentsManager, path: str) -> list[str]:
    try:
        data, _ = manager.workspace.read(path, manager.text_shown_bytes)
    except Refused:
        return []
    return [data.decode("utf-8", "replace")]
