"""Comms: only those of ipywidgets' own models, each message by the model that its comm carries."""

from __future__ import annotations

import re
from typing import Any

from export_guard.outputs import outputs
from export_guard.outputs.headers import ID
from export_guard.outputs.passing import Passing
from export_guard.outputs.widget_models import CONTROLS, MODULES, VIEWS
from export_guard.outputs.widgets import State, clean_state
from export_guard.outputs.words import named

WIDGET = "jupyter.widget"
CONTROL = "jupyter.widget.control"
# The handshake of ipywidgets 7; carries nothing but versions.
TARGETS = frozenset([WIDGET, CONTROL, "jupyter.widget.version"])
UPDATES = frozenset(["update", "echo_update"])
VERSION = re.compile(r"[~^]?\d{1,3}(?:\.\d{1,3}){0,2}")
REMEMBERED = 500


def opened(content: dict[str, Any], passing: Passing) -> dict[str, Any] | None:
    """A new comm. A widget's brings its first state, and with it which model it is."""
    comm_id, target = content.get("comm_id"), content.get("target_name")
    data = content.get("data")
    if type(comm_id) is not str or not _id(comm_id) or type(data) is not dict:
        return None
    if target != WIDGET:
        passing.hold(_name(target), "widget")
        return None
    state = data.get("state")
    model = state.get("_model_name") if type(state) is dict else None
    kept = None
    if named(model, VIEWS) and _may_be(comm_id, model, passing):
        kept = _state(model, data, passing)
    if kept is None or not {"_model_name", "_model_module"} <= kept.state.keys():
        _refuse(comm_id, _name(model), passing)
        return None
    passing.state.comms[comm_id] = str(model)
    passing.state.refused.pop(comm_id, None)
    return {
        "comm_id": comm_id,
        "target_name": WIDGET,
        "data": {"state": kept.state, "buffer_paths": kept.paths},
    }


def message(content: dict[str, Any], passing: Passing) -> dict[str, Any] | None:
    """A message on a comm that is known."""
    comm_id, data = content.get("comm_id"), content.get("data")
    model = passing.state.comms.get(comm_id) if type(comm_id) is str else None
    if model is None or type(data) is not dict:
        return None
    if model == CONTROL:
        kept = _all_states(data, passing)
        return None if kept is None else {"comm_id": comm_id, "data": kept}
    method = data.get("method")
    if named(method, UPDATES):
        state = _state(model, data, passing)
        if state is None:
            passing.hold(model, "widget")
            return None
        return {
            "comm_id": comm_id,
            "data": {"method": method, "state": state.state, "buffer_paths": state.paths},
        }
    if method == "custom" and data.get("content") in ({"do": "focus"}, {"do": "blur"}):
        return {"comm_id": comm_id, "data": {"method": "custom", "content": data["content"]}}
    return None


def closed(content: dict[str, Any], passing: Passing) -> dict[str, Any] | None:
    """A known comm's end."""
    comm_id = content.get("comm_id")
    if type(comm_id) is not str or passing.state.comms.pop(comm_id, None) is None:
        return None
    return {"comm_id": comm_id, "data": {}}


def known(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """The answer to which comms there are: widgets, up to the limit."""
    comms = content.get("comms")
    if type(comms) is not dict:
        comms = {}
    kept = {
        comm_id: {"target_name": WIDGET}
        for comm_id, entry in list(comms.items())[: passing.limits.comms]
        if _id(comm_id) and type(entry) is dict and entry.get("target_name") == WIDGET
    }
    passing.size += sum(64 + len(comm_id) for comm_id in kept)
    return {"status": "ok", "comms": kept}


def _all_states(data: dict[str, Any], passing: Passing) -> dict[str, Any] | None:
    """The control channel's answer: all widgets at once, as a page asks for when it is loaded."""
    states = data.get("states")
    if data.get("method") != "update_states" or type(states) is not dict:
        return None
    if len(states) > passing.limits.comms:
        passing.hold(CONTROL, "too-many", len(states))
        return None
    # Which model each is comes first, because links name the widgets that they join.
    models: dict[str, tuple[str, dict[str, Any]]] = {}
    for comm_id, entry in states.items():
        model = entry.get("model_name") if type(entry) is dict else None
        if _id(comm_id) and named(model, VIEWS) and _may_be(comm_id, model, passing):
            models[comm_id] = (model, entry)
            passing.state.comms[comm_id] = model
        else:
            _refuse(comm_id, _name(model), passing)
    own = _by_comm(data.get("buffer_paths"), passing.buffers)
    kept: dict[str, Any] = {}
    kept_paths: list[list[str]] = []
    for comm_id, (model, entry) in models.items():
        paths, buffers = own.get(comm_id, ([], []))
        state = _state(model, {"state": entry.get("state"), "buffer_paths": paths}, passing, buffers)
        if state is None or not _says(model, entry):
            _refuse(comm_id, model, passing)
            continue
        kept[comm_id] = {
            "model_name": model,
            "model_module": entry["model_module"],
            "model_module_version": entry["model_module_version"],
            "state": state.state,
        }
        kept_paths.extend([comm_id, *path] for path in state.paths)
    return {"method": "update_states", "states": kept, "buffer_paths": kept_paths}


def _may_be(comm_id: str, model: str, passing: Passing) -> bool:
    """Whether a comm may be this model: what it was once, the page goes on taking it for."""
    comms = passing.state.comms
    return comms[comm_id] == model if comm_id in comms else len(comms) < passing.limits.comms


def _by_comm(paths: Any, buffers: list[Any]) -> dict[str, tuple[list[Any], list[Any]]]:
    """Each comm's buffers with their paths inside its state."""
    own: dict[str, tuple[list[Any], list[Any]]] = {}
    for path, buffer in zip(paths if type(paths) is list else (), buffers, strict=False):
        if type(path) is list and path and type(path[0]) is str:
            inner, data = own.setdefault(path[0], ([], []))
            inner.append(path[1:])
            data.append(buffer)
    return own


def _says(model: str, entry: dict[str, Any]) -> bool:
    version = entry.get("model_module_version")
    return (
        entry.get("model_module") == MODULES.get(model, CONTROLS)
        and type(version) is str
        and bool(VERSION.fullmatch(version))
    )


def _state(
    model: str, data: dict[str, Any], passing: Passing, buffers: list[Any] | None = None
) -> State | None:
    kept = clean_state(
        model,
        data.get("state"),
        paths=data.get("buffer_paths"),
        buffers=passing.buffers if buffers is None else buffers,
        comms=passing.state.comms,
        outputs=lambda value: _widget_outputs(value, passing),
        limits=passing.limits,
    )
    if kept is None or kept.size > passing.limits.comm_bytes + passing.limits.image_bytes * bool(
        kept.buffers
    ):
        return None
    passing.size += kept.size
    passing.kept_buffers.extend(kept.buffers)
    return kept


def _widget_outputs(value: Any, passing: Passing) -> list[Any]:
    """What an output widget holds: outputs as in a notebook."""
    if type(value) is not list:
        return []
    return [kept for item in value[: passing.limits.outputs] if (kept := outputs.stored(item, passing))]


def _refuse(comm_id: Any, model: str, passing: Passing) -> None:
    passing.hold(model, "widget")
    if _id(comm_id):
        refused = passing.state.refused
        if len(refused) >= REMEMBERED:
            del refused[next(iter(refused))]
        refused[comm_id] = model


def _id(value: Any) -> bool:
    return type(value) is str and bool(ID.fullmatch(value))


def _name(value: Any) -> str:
    """A model's or target's name for a notice: nothing but a name."""
    return "".join(c for c in str(value)[:60] if c.isalnum() or c in "._-")
