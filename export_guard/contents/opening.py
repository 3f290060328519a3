"""Answering a request for a file, notebook or folder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fnmatch import fnmatch
from threading import Lock
from typing import TYPE_CHECKING

from export_guard.contents import models, notebooks, texts
from export_guard.contents.descriptors import FOLDER, Entry
from export_guard.contents.models import Model
from export_guard.contents.notebooks import Notebook
from export_guard.contents.problems import Refused

if TYPE_CHECKING:
    from export_guard.contents.manager import GuardedContentsManager

# The worst notebook takes a third of the desk's memory while it is parsed and filtered, and many could
# be asked for at once.
_PARSING = Lock()


def get(
    manager: GuardedContentsManager,
    path: str,
    *,
    content: bool,
    kind: str | None = None,
    form: str | None = None,
    digest: bool = False,
) -> Model:
    """The model of ``path``. Parameters as of Jupyter's ``ContentsManager.get``. Raises `Refused`.

    Without ``content`` and ``digest`` nothing is opened, so that what is unavailable has a model too.
    """
    entry = manager.workspace.look(path)
    if entry.kind == FOLDER:
        if kind not in (None, "directory"):
            raise Refused("folder", entry.name)
        return _folder(manager, path, content=content, digest=digest)
    if kind == "directory":
        raise Refused("not-folder", entry.name)
    is_notebook = kind == "notebook" or (kind is None and entry.name.endswith(".ipynb"))
    kind = "notebook" if is_notebook else "file"
    if not content and not digest:
        return manager.model(_counted(manager, path, entry), path, kind)
    if content:
        manager.afford()
    limit = manager.notebook_shown_bytes if is_notebook else manager.text_shown_bytes
    data, entry = manager.workspace.read(path, limit)
    model = manager.model(entry, path, kind)
    whole = entry.size <= len(data)
    if digest:
        model |= {"hash": _digest(data, entry, whole=whole), "hash_algorithm": models.HASH}
    if content and is_notebook:
        if not whole:
            raise Refused("too-large-shown", entry.name, limit=limit)
        parsed, shown = notebook_shown(manager, data, entry.name)
        # What a person typed and the filter took out must not be saved away.
        whole = _all_typed_is_shown(parsed, shown)
        model |= {"content": shown, "format": "json", "writable": model["writable"] and whole}
    elif content:
        if form == "base64":
            raise Refused("base64")
        language = manager.spoken_language()
        text = texts.shown(data, entry.name, whole=whole, limit=limit, language=language)
        manager.count(len(data))
        manager.note_typed([text])
        model |= {"content": text, "format": "text", "writable": model["writable"] and whole}
    return model


def refuse_trust() -> None:
    """Raises `Refused`."""
    raise Refused("trust")


def _folder(manager: GuardedContentsManager, path: str, *, content: bool, digest: bool) -> Model:
    if not content:
        model = manager.model(_counted(manager, path, manager.workspace.look(path)), path)
    else:
        listing = manager.workspace.listing(path, lambda name: not _out_of_view(manager, name))
        model = manager.model(listing.folder, path)
        entries = manager.entries.of(path, listing.entries, manager.budget)
        inner = f"{path.strip('/')}/".lstrip("/")
        model |= {
            "format": "json",
            "content": [manager.model(entry, inner + entry.name) for entry in entries],
            # No key of Jupyter's: whether everything is in the list.
            "whole": listing.whole and len(entries) == len(listing.entries),
        }
    if digest:
        # Asked for by nobody, but Jupyter's handler takes no model without.
        named = repr((model["path"], model["last_modified"])).encode()
        model |= {"hash": hashlib.sha256(named).hexdigest(), "hash_algorithm": models.HASH}
    return model


def _counted(manager: GuardedContentsManager, path: str, entry: Entry) -> Entry:
    """The entry as it may be shown; past the display budget without times and size that were not."""
    shown = manager.entries.of(path.strip("/").rpartition("/")[0], [entry], manager.budget)
    return shown[0] if shown else replace(entry, modified=0.0, changed=0.0, size=0)


def _out_of_view(manager: GuardedContentsManager, name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in manager.hide_globs)


def notebook_shown(manager: GuardedContentsManager, data: bytes, name: str) -> tuple[Notebook, Notebook]:
    """A notebook as it is on the disk, and as it is shown. Raises `Refused`."""
    with _PARSING:
        try:
            parsed = notebooks.parse(data)
            return parsed, manager.filter_notebook(parsed)
        except Refused as refused:
            raise Refused(refused.reason, name, limit=refused.limit) from None


def _all_typed_is_shown(parsed: Notebook, shown: Notebook) -> bool:
    """Whether every cell is there and none was emptied. Outputs can be had again by running the cell."""
    cells = shown["cells"]
    return len(cells) == len(parsed["cells"]) and all(
        after["source"] or not before["source"] for before, after in zip(parsed["cells"], cells, strict=True)
    )


def _digest(data: bytes, entry: Entry, *, whole: bool) -> str:
    """Says whether a file has changed. Where it is not read whole, its size and time stand for the rest."""
    found = hashlib.sha256(data)
    if not whole:
        found.update(repr((entry.size, entry.modified)).encode())
    return found.hexdigest()
