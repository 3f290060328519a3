"""Outputs of a notebook that is saved: kept where this desk showed them, or where they were there before.

Streams and tracebacks are merged and cut by JupyterLab, so their text can't be known again; as much
of it is taken as a person might have typed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Any

import locales
from export_guard.contents.notebooks import Notebook
from export_guard.shown import digest

TEXT_BYTES = 1024 * 1024
"""Of text in one notebook that is neither on the disk nor known."""
NOT_SHOWN = "This output was not shown by this desk and is not kept. Run the cell again."


def keep_outputs(
    notebook: Notebook, previous: Callable[[], Notebook | None], shown: Container[bytes], language: str
) -> tuple[Notebook, int]:
    """The notebook with a notice in place of each output that came from elsewhere, and their bytes."""
    before: set[bytes] | None = None
    text_left, dropped = TEXT_BYTES, 0

    def known(value: Any) -> bool:
        nonlocal before
        key = digest(value)
        if key in shown:
            return True
        if before is None:
            before = {digest(value) for value in _values(previous() or {"cells": []})}
        return key in before

    def kept(output: dict[str, Any]) -> dict[str, Any]:
        nonlocal text_left, dropped
        data = output.get("data")
        strange = 0
        if isinstance(data, dict):
            data = {kind: value for kind, value in data.items() if kind == "text/plain" or known(value)}
            strange = _size(output["data"]) - _size(data)
        texts = [value for value in _texts(output) if not known(value)]
        size = sum(len(text.encode("utf-8", "replace")) for text in texts)
        if size > text_left:
            strange += size
            data = {}
        text_left -= min(size, text_left)
        if not strange:
            return output
        dropped += strange
        if data:
            return output | {"data": data}
        return {"output_type": "stream", "name": "stderr", "text": locales.text(language, NOT_SHOWN) + "\n"}

    cells = [
        cell | {"outputs": [kept(output) for output in cell["outputs"]]} if cell.get("outputs") else cell
        for cell in notebook["cells"]
    ]
    return notebook | {"cells": cells}, dropped


def _texts(output: dict[str, Any]) -> Iterator[str]:
    """The texts of an output that JupyterLab puts together itself, and its plain text."""
    data = output.get("data")
    values = [output.get("text"), output.get("evalue"), *(output.get("traceback") or [])]
    values.append(data.get("text/plain") if isinstance(data, dict) else None)
    yield from (value for value in values if isinstance(value, str) and value)


def _values(notebook: Notebook) -> Iterator[Any]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs") or []:
            yield from _texts(output)
            if isinstance(output.get("data"), dict):
                yield from output["data"].values()


def _size(bundle: dict[str, Any]) -> int:
    return sum(len(str(value)) for value in bundle.values())
