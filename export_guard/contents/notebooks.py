"""Notebooks as JupyterLab wants them, from bytes that anybody may have written, and back.

Done on plain dicts rather than with nbformat, whose readers believe what they read; nbformat is only
asked to bring notebooks of before 2015 to version 4. What is written is what nbformat writes.
"""

from __future__ import annotations

import json
from typing import Any

import nbformat

from export_guard import bounded_json
from export_guard.contents.problems import Refused

Notebook = dict[str, Any]

PARTS = 600_000
"""Values in one notebook, lines of text included. Each takes some 100 bytes of memory, besides its text."""
DEPTH = 48
_CELL_TYPES = ("code", "markdown", "raw")
_TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")
_SPLIT = ("application/javascript", "image/svg+xml")


def parse(data: bytes) -> Notebook:
    """A notebook of version 4 with its texts in one piece and without any mark of trust.

    Raises
    ------
    Refused
        As ``not-notebook`` or ``too-complex``.
    """
    try:
        document = bounded_json.parse(data, parts=PARTS, depth=DEPTH)
    except bounded_json.NotJson as problem:
        raise Refused("not-notebook") from problem
    except (bounded_json.TooMany, bounded_json.TooDeep) as problem:
        raise Refused("too-complex") from problem
    if not isinstance(document, dict):
        raise Refused("not-notebook")
    version = document.get("nbformat")
    if type(version) is int and 1 <= version < 4:
        document = _upgraded(document)
    return checked(document)


def checked(document: Any) -> Notebook:
    """A copy of a notebook of version 4 whose parts are of the kinds that they have to be."""
    if not isinstance(document, dict) or document.get("nbformat") != 4:
        raise Refused("not-notebook")
    if type(document.get("nbformat_minor")) is not int:
        raise Refused("not-notebook")
    metadata, cells = document.get("metadata"), document.get("cells")
    if not isinstance(metadata, dict) or not isinstance(cells, list):
        raise Refused("not-notebook")
    kept = {key: value for key, value in metadata.items() if key not in _TRANSIENT}
    return document | {"metadata": kept, "cells": [_cell(cell) for cell in cells]}


def serialise(notebook: Notebook) -> bytes:
    """The bytes of a `checked` notebook as nbformat writes them: texts in lines, keys in order.

    Raises
    ------
    Refused
        As ``content`` for what is not JSON, as ``too-complex`` for what `parse` would refuse.
    """
    split = notebook | {"cells": [_split_cell(cell) for cell in notebook["cells"]]}
    data = _dumped(split)
    if bounded_json.more_parts_than(PARTS, data):
        # Lines are parts too. In one piece a text is as good, only worse to compare.
        data = _dumped(notebook)
        if bounded_json.more_parts_than(PARTS, data):
            raise Refused("too-complex")
    return data


def _dumped(notebook: Notebook) -> bytes:
    try:
        bounded_json.check_depth(notebook, DEPTH)
        text = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    except bounded_json.TooDeep as problem:
        raise Refused("too-complex") from problem
    except (ValueError, TypeError):
        raise Refused("content") from None
    # A cell whose output holds half a surrogate pair must not keep a notebook from being saved.
    return f"{text}\n".encode("utf-8", "replace")


def _upgraded(document: dict[str, Any]) -> Any:
    try:
        return json.loads(nbformat.writes(nbformat.reads(json.dumps(document), as_version=4)))
    except Exception:  # whatever a reader that believes its input trips over
        raise Refused("not-notebook") from None


def _cell(cell: Any) -> dict[str, Any]:
    if not isinstance(cell, dict) or cell.get("cell_type") not in _CELL_TYPES:
        raise Refused("not-notebook")
    metadata = cell.get("metadata", {})
    source = _joined(cell.get("source", ""))
    if not isinstance(metadata, dict) or not isinstance(source, str):
        raise Refused("not-notebook")
    # Whoever wrote the file could have written that it is to be trusted.
    made = cell | {"metadata": {k: v for k, v in metadata.items() if k != "trusted"}, "source": source}
    if "attachments" in made:
        attachments = made["attachments"]
        if not isinstance(attachments, dict) or not all(isinstance(a, dict) for a in attachments.values()):
            raise Refused("not-notebook")
        made["attachments"] = {name: _joined_bundle(bundle) for name, bundle in attachments.items()}
    if made["cell_type"] == "code":
        outputs = made.get("outputs", [])
        if not isinstance(outputs, list):
            raise Refused("not-notebook")
        made["outputs"] = [_output(output) for output in outputs]
        made.setdefault("execution_count", None)
    return made


def _output(output: Any) -> dict[str, Any]:
    if not isinstance(output, dict) or not isinstance(output.get("output_type"), str):
        raise Refused("not-notebook")
    if isinstance(output.get("data"), dict):
        return output | {"data": _joined_bundle(output["data"])}
    return output | {"text": _joined(output["text"])} if "text" in output else dict(output)


def _joined_bundle(bundle: dict[str, Any]) -> dict[str, Any]:
    return {kind: value if _is_json(kind) else _joined(value) for kind, value in bundle.items()}


def _joined(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _split_cell(cell: dict[str, Any]) -> dict[str, Any]:
    made = cell | {"source": cell["source"].splitlines(True)}
    if "attachments" in made:
        made["attachments"] = {name: _split_bundle(each) for name, each in made["attachments"].items()}
    if made["cell_type"] == "code":
        made["outputs"] = [_split_output(output) for output in made["outputs"]]
    return made


def _split_output(output: dict[str, Any]) -> dict[str, Any]:
    if isinstance(output.get("data"), dict):
        return output | {"data": _split_bundle(output["data"])}
    if output["output_type"] == "stream" and isinstance(output.get("text"), str):
        return output | {"text": output["text"].splitlines(True)}
    return output


def _split_bundle(bundle: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: value.splitlines(True)
        if isinstance(value, str) and (kind.startswith("text/") or kind in _SPLIT)
        else value
        for kind, value in bundle.items()
    }
