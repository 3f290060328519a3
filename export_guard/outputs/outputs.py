"""Outputs: those in messages (iopub) and those in notebooks, which have the same parts."""

from __future__ import annotations

import re
from typing import Any

from export_guard.outputs.media_types import WIDGET_VIEW, joined
from export_guard.outputs.passing import Passing, count
from export_guard.outputs.text import plain_text, size_of
from export_guard.outputs.withheld import notice
from export_guard.outputs.words import named

DISPLAY_ID = re.compile(r"[\w.:-]{1,128}")


def stream(content: dict[str, Any], passing: Passing, *, joins: bool = True) -> dict[str, Any] | None:
    """Text of standard output or error; what is past the limit is cut off, and a line says so."""
    name = content.get("name")
    text = joined(content.get("text"), passing.limits.message_bytes)
    if text is None or name not in ("stdout", "stderr"):
        return None
    limit = passing.limits.text_bytes
    cut = len(text) > limit
    state = passing.state
    shown = plain_text(text[:limit], joins=joins, overwrites=joins and state.overwrites)
    if joins and not state.overwrites and "\r" in shown:
        state.overwrites = True
    passing.in_cell = True
    if cut:
        passing.hold("stream", "too-large", len(text))
        shown += "\n" + notice(passing.withheld[-1:], state.language) + "\n"
    passing.size += size_of(shown)
    return {"name": name, "text": shown}


def display(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """A displayed bundle, with the id by which it can be updated."""
    passing.in_cell = True
    data = content.get("data")
    if type(data) is dict and WIDGET_VIEW in data:
        data = _known_widget(data, passing)
    filtered = passing.bundle(data, content.get("metadata"))
    kept: dict[str, Any] = {"data": filtered.data, "metadata": filtered.metadata}
    transient = content.get("transient")
    if type(transient) is dict:
        name = transient.get("display_id")
        kept["transient"] = {"display_id": name} if type(name) is str and DISPLAY_ID.fullmatch(name) else {}
    return kept


def update(content: dict[str, Any], passing: Passing) -> dict[str, Any] | None:
    """New content for an earlier display; counts for the execution, not again for the cell."""
    kept = display(content, passing)
    passing.in_cell = False
    return kept if kept.get("transient") else None


def result(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """A cell's value."""
    return {"execution_count": count(content.get("execution_count")), **display(content, passing)}


def error(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """An exception with its coloured traceback."""
    passing.in_cell = True
    return {
        "ename": passing.text(content.get("ename"), 1000),
        "evalue": passing.text(content.get("evalue"), 64 * 1024),
        "traceback": passing.strings(content.get("traceback"), 200, 64 * 1024),
    }


def stored(output: Any, passing: Passing) -> dict[str, Any] | None:
    """One output as a notebook has it (nbformat 4); None when it is none."""
    if type(output) is not dict:
        return None
    kind = output.get("output_type")
    kept: dict[str, Any] | None = None
    if kind == "stream":
        kept = stream(output, passing, joins=False)
    elif kind == "display_data":
        kept = display(output, passing)
    elif kind == "execute_result":
        kept = result(output, passing)
    elif kind == "error":
        kept = error(output, passing)
    if kept is None:
        passing.hold("output", "malformed")
        return None
    kept.pop("transient", None)
    return {"output_type": kind, **kept}


def _known_widget(data: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """Without the view of a widget that was not let through, which would only be an error."""
    view = data[WIDGET_VIEW]
    model_id = view.get("model_id") if type(view) is dict else None
    if named(model_id, passing.state.refused):
        passing.hold(passing.state.refused[model_id], "widget")
        rest = {key: value for key, value in data.items() if key != WIDGET_VIEW}
        said = notice(passing.withheld[-1:], passing.state.language)
        return {**rest, "text/plain": said}
    return data
