"""Notebooks read from disk, which hostile code may have written. What a browser saves: `contents.saved`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from export_guard.outputs import images, outputs
from export_guard.outputs.limits import DEFAULTS, OutputLimits
from export_guard.outputs.markdown import inert_markdown
from export_guard.outputs.media_types import joined
from export_guard.outputs.passing import Passing, count
from export_guard.outputs.state import WireState
from export_guard.outputs.text import CONTROLS, size_of, sound, visible
from export_guard.outputs.withheld import Withheld
from export_guard.outputs.words import named

CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
WORD = re.compile(r"[\w .+/()-]{1,100}")
NAME = re.compile(r"[\w.\ -]{1,200}")
LANGUAGE = ("name", "version", "mimetype", "file_extension", "pygments_lexer", "nbconvert_exporter")
CELL_TYPES = frozenset(["code", "markdown", "raw"])
IMAGES = frozenset(["image/png", "image/jpeg", "image/gif"])


class FilteredNotebook(NamedTuple):
    """A notebook as it may be shown. ``size`` in bytes is that of all that the file decides: outputs,
    sources, names; ``cells`` those of tables."""

    notebook: dict[str, Any]
    withheld: tuple[Withheld, ...]
    size: int
    cells: int


def filter_notebook(
    notebook: Any, limits: OutputLimits = DEFAULTS, *, language: str = "en"
) -> FilteredNotebook:
    """A notebook from disk (nbformat 4, parsed by `bounded_json`) with what a desk shows of it.

    Always a valid notebook: what is not one becomes an empty one.
    """
    if type(notebook) is not dict or notebook.get("nbformat") != 4 or type(notebook.get("cells")) is not list:
        return FilteredNotebook(_empty(), (Withheld("notebook", "malformed", 0),), 0, 0)
    state = WireState(language=language)
    withheld: list[Withheld] = []
    cells: list[dict[str, Any]] = []
    size = table_cells = 0
    seen: set[str] = set()
    for index, cell in enumerate(notebook["cells"]):
        if index >= limits.cells:
            withheld.append(Withheld("cell", "too-many", len(notebook["cells"])))
            break
        passing = Passing(limits, state)
        kept = _cell(cell, index, seen, passing)
        if kept is not None:
            cells.append(kept)
        size += passing.size
        table_cells += passing.cells
        withheld.extend(passing.withheld)
    kept_notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": _notebook_metadata(notebook.get("metadata")),
        "cells": cells,
    }
    return FilteredNotebook(kept_notebook, tuple(withheld), size, table_cells)


def _cell(cell: Any, index: int, seen: set[str], passing: Passing) -> dict[str, Any] | None:
    limits = passing.limits
    kind = cell.get("cell_type") if type(cell) is dict else None
    source = joined(cell.get("source", ""), limits.code_bytes) if named(kind, CELL_TYPES) else None
    if source is None:
        passing.hold("cell", "malformed")
        return None
    if len(source) > limits.code_bytes:
        passing.hold("cell", "too-large", len(source))
        source = ""
    name = cell.get("id")
    if type(name) is not str or not CELL_ID.fullmatch(name) or name in seen:
        name = f"cell-{index}"
    seen.add(name)
    kept: dict[str, Any] = {
        "id": name,
        "cell_type": kind,
        "metadata": _cell_metadata(cell.get("metadata")),
        # Code and raw text are shown by the editor, as they are.
        "source": inert_markdown(source) if kind == "markdown" else CONTROLS.sub("", visible(sound(source))),
    }
    if kind == "code":
        kept["execution_count"] = count(cell.get("execution_count"))
        kept["outputs"] = _outputs(cell.get("outputs"), passing)
    elif cell.get("attachments"):
        attachments = _attachments(cell["attachments"], passing)
        if attachments:
            kept["attachments"] = attachments
    # Code in the engine can write what it likes into a source, too. Last: an output's limit is its own.
    passing.size += size_of(kept["source"]) + len(name) + sum(map(size_of, kept["metadata"].get("tags", ())))
    passing.size += sum(map(size_of, kept.get("attachments", ())))
    return kept


def _outputs(values: Any, passing: Passing) -> list[dict[str, Any]]:
    limits = passing.limits
    kept: list[dict[str, Any]] = []
    if type(values) is not list:
        return kept
    for value in values[: limits.outputs]:
        before = passing.size
        output = outputs.stored(value, passing)
        if output is None:
            continue
        if passing.size > limits.cell_bytes:
            passing.size = before
            passing.hold("output", "cell-limit")
            break
        kept.append(output)
    if len(values) > limits.outputs:
        passing.hold("output", "too-many", len(values))
    return kept


def _attachments(values: Any, passing: Passing) -> dict[str, Any]:
    """Images that a Markdown cell shows; ``{name: {media type: base64}}``."""
    kept: dict[str, Any] = {}
    spent = 0
    for name, bundle in list(values.items())[:50] if type(values) is dict else ():
        if type(bundle) is not dict or not NAME.fullmatch(name):
            continue
        for media_type, value in list(bundle.items())[:1]:
            text = joined(value, passing.limits.image_bytes * 3 // 2)
            picture = images.from_base64(text, passing.limits) if media_type in IMAGES and text else None
            if picture is None or spent + len(picture.data) > passing.limits.attachments_bytes:
                passing.hold("attachment", "image")
                continue
            spent += len(picture.data)
            kept[name] = {picture.media_type: images.encoded(picture)}
    passing.size += spent
    return kept


def _cell_metadata(metadata: Any) -> dict[str, Any]:
    """What JupyterLab and the templates use. Never ``trusted``: that is for a page to find out."""
    kept: dict[str, Any] = {}
    if type(metadata) is not dict:
        return kept
    for key in ("collapsed", "editable", "deletable", "scrolled"):
        if type(metadata.get(key)) is bool:
            kept[key] = metadata[key]
    tags = metadata.get("tags")
    if type(tags) is list:
        kept["tags"] = list(
            dict.fromkeys(tag for tag in tags[:50] if type(tag) is str and WORD.fullmatch(tag))
        )
    jupyter = metadata.get("jupyter")
    if type(jupyter) is dict:
        hidden = {
            key: jupyter[key] for key in ("source_hidden", "outputs_hidden") if type(jupyter.get(key)) is bool
        }
        if hidden:
            kept["jupyter"] = hidden
    return kept


def _notebook_metadata(metadata: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if type(metadata) is not dict:
        return kept
    spec, language = metadata.get("kernelspec"), metadata.get("language_info")
    if type(spec) is dict and _word(spec.get("name")):
        shown = spec.get("display_name")
        kept["kernelspec"] = {"name": spec["name"], "display_name": shown if _word(shown) else spec["name"]}
        if _word(spec.get("language")):
            kept["kernelspec"]["language"] = spec["language"]
    if type(language) is dict and _word(language.get("name")):
        kept["language_info"] = {key: language[key] for key in LANGUAGE if _word(language.get(key))}
        mode = language.get("codemirror_mode")
        if type(mode) is dict and _word(mode.get("name")):
            kept["language_info"]["codemirror_mode"] = {"name": mode["name"]}
            if type(mode.get("version")) is int and 0 <= mode["version"] < 100:
                kept["language_info"]["codemirror_mode"]["version"] = mode["version"]
    return kept


def _word(value: Any) -> bool:
    return type(value) is str and bool(WORD.fullmatch(value))


def _empty() -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
