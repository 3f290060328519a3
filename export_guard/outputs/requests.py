"""THE table of messages from a browser to a kernel: what a person's page sends, and no more of it.

Everything else is refused: the debugger, binary data, and text longer than a person types. What is
typed into a kernel comes in, so ``size`` counts it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from export_guard.outputs.bounded import within
from export_guard.outputs.comms import CONTROL, TARGETS, WIDGET
from export_guard.outputs.headers import ID, clean_header
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.passing import number
from export_guard.outputs.state import WireState
from export_guard.outputs.text import size_of, sound
from export_guard.outputs.widget_models import VIEWS
from export_guard.outputs.words import named


class Request(NamedTuple):
    """What goes to the kernel; ``message`` None is nothing, for ``reason`` (an id of `withheld`).
    ``size`` is the bytes of typed text in it."""

    message: dict[str, Any] | None
    reason: str | None
    size: int


class Refusal(Exception):
    """A request that does not pass. ``args[0]`` is the id of the reason."""


Content = Callable[[dict[str, Any], OutputLimits, WireState], tuple[dict[str, Any], int]]
MOVED = 256
CELL = re.compile(r"[\w-]{1,64}")


def _execute(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    code, size = _typed(content.get("code"), limits.code_bytes)
    expressions = content.get("user_expressions") or {}
    if type(expressions) is not dict or len(expressions) > 50:
        raise Refusal("message-type")
    for name, expression in expressions.items():
        size += _typed(name, 100)[1] + _typed(expression, limits.input_bytes)[1]
    kept = {
        "code": code,
        "silent": content.get("silent") is True,
        "store_history": content.get("store_history") is not False,
        "user_expressions": expressions,
        "allow_stdin": content.get("allow_stdin") is not False,
        "stop_on_error": content.get("stop_on_error") is not False,
    }
    return kept, size


def _at_cursor(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    code, size = _typed(content.get("code"), limits.code_bytes)
    kept: dict[str, Any] = {"code": code, "cursor_pos": number(content.get("cursor_pos")) or 0}
    if content.get("detail_level") in (0, 1):
        kept["detail_level"] = content["detail_level"]
    return kept, size


def _history(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    kept: dict[str, Any] = {
        key: value
        for key in ("session", "start", "stop", "n")
        if (value := number(content.get(key))) is not None
    }
    if kept.get("n", 0) > limits.history:
        kept["n"] = limits.history
    access = content.get("hist_access_type")
    kept["hist_access_type"] = access if access in ("range", "tail", "search") else "tail"
    kept["raw"] = content.get("raw") is not False
    # With outputs, earlier results would come as answers that no cell shows.
    kept["output"] = False
    kept["unique"] = content.get("unique") is True
    if kept["hist_access_type"] == "search":
        kept["pattern"] = _typed(content.get("pattern"), 1000)[0]
    return kept, 0


def _code(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    code, size = _typed(content.get("code"), limits.code_bytes)
    return {"code": code}, size


def _empty(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    return {}, 0


def _comm_info(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    target = content.get("target_name")
    return {"target_name": target if named(target, TARGETS) else WIDGET}, 0


def _comm_open(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    comm_id, target = content.get("comm_id"), content.get("target_name")
    if type(comm_id) is not str or not ID.fullmatch(comm_id) or not named(target, TARGETS):
        raise Refusal("widget")
    data, size = _comm_data(content.get("data"), limits)
    if target == WIDGET:
        own = data.get("state")
        model = own.get("_model_name") if type(own) is dict else None
        if not named(model, VIEWS):
            raise Refusal("widget")
    else:
        model = CONTROL
    if state.comms.get(comm_id, model) != model:
        raise Refusal("widget")
    if comm_id not in state.comms and len(state.comms) >= limits.comms:
        raise Refusal("too-many")
    state.comms[comm_id] = str(model)
    return {"comm_id": comm_id, "target_name": target, "data": data}, size


def _comm(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    comm_id = content.get("comm_id")
    if type(comm_id) is not str or not ID.fullmatch(comm_id):
        raise Refusal("widget")
    data, size = _comm_data(content.get("data"), limits)
    return {"comm_id": comm_id, "data": data}, size


def _input(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    value, size = _typed(content.get("value"), limits.input_bytes)
    return {"value": value}, size


def _shutdown(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    return {"restart": content.get("restart") is True}, 0


def _subshell(content: dict[str, Any], limits: OutputLimits, state: WireState) -> tuple[dict[str, Any], int]:
    name = content.get("subshell_id")
    return ({"subshell_id": name} if type(name) is str and ID.fullmatch(name) else {}), 0


REQUESTS: dict[tuple[str, str], Content] = {
    ("shell", "execute_request"): _execute,
    ("shell", "complete_request"): _at_cursor,
    ("shell", "inspect_request"): _at_cursor,
    ("shell", "history_request"): _history,
    ("shell", "is_complete_request"): _code,
    ("shell", "kernel_info_request"): _empty,
    ("shell", "comm_info_request"): _comm_info,
    ("shell", "comm_open"): _comm_open,
    ("shell", "comm_msg"): _comm,
    ("shell", "comm_close"): _comm,
    ("stdin", "input_reply"): _input,
    ("control", "kernel_info_request"): _empty,
    ("control", "interrupt_request"): _empty,
    ("control", "shutdown_request"): _shutdown,
    ("control", "create_subshell_request"): _empty,
    ("control", "delete_subshell_request"): _subshell,
    ("control", "list_subshell_request"): _empty,
}


# What a person does that outputs answer: run a cell, move a slider.
ASKING = frozenset(["execute_request", "comm_msg"])


def filter_request(channel: str, msg: dict[str, Any], limits: OutputLimits, state: WireState) -> Request:
    """What of one message from a browser may go to a kernel. ``msg`` as in `filter_reply`."""
    header = clean_header(msg.get("header"))
    content = msg.get("content")
    if header is None or type(content) is not dict:
        return Request(None, "malformed", 0)
    kind = header["msg_type"]
    treat = REQUESTS.get((channel, kind))
    if treat is None:
        return Request(None, "debugger" if kind == "debug_request" else "message-type", 0)
    if any(len(buffer) for buffer in msg.get("buffers") or ()):
        return Request(None, "buffers", 0)
    try:
        kept, size = treat(content, limits, state)
    except Refusal as refusal:
        return Request(None, refusal.args[0], 0)
    state.requested(header)
    if kind in ASKING:
        state.asked(header["msg_id"])
    message = {
        "header": header,
        # An answer to input_request names it; nothing else has a parent on this way.
        "parent_header": clean_header(msg.get("parent_header")) or {},
        "metadata": _metadata(msg.get("metadata")),
        "content": kept,
        "buffers": [],
    }
    return Request(message, None, size)


def typed_in(message: dict[str, Any]) -> Iterator[str]:
    """The texts in a message to a kernel that came from a person, or from whoever says to be one."""
    content = message["content"]
    for name in ("code", "value", "pattern"):
        if content.get(name):
            yield content[name]
    for name, expression in (content.get("user_expressions") or {}).items():
        yield f"{name} {expression}"
    if content.get("data"):
        moved = json.dumps(content["data"], ensure_ascii=False)
        # A slider that moves sends this much many times a minute.
        yield moved[MOVED:]


def _metadata(metadata: Any) -> dict[str, Any]:
    """Which cell is run and which were deleted: what kernels and JupyterLab use."""
    kept: dict[str, Any] = {}
    if type(metadata) is dict:
        cell = metadata.get("cellId")
        if type(cell) is str and CELL.fullmatch(cell):
            kept["cellId"] = cell
        deleted = metadata.get("deletedCells")
        if type(deleted) is list:
            kept["deletedCells"] = [
                name for name in deleted[:500] if type(name) is str and CELL.fullmatch(name)
            ]
        if type(metadata.get("recordTiming")) is bool:
            kept["recordTiming"] = metadata["recordTiming"]
        if metadata.get("version") in ("2.1.0", "2.0.0", "1.0.0"):
            kept["version"] = metadata["version"]
    return kept


def _typed(value: Any, limit: int) -> tuple[str, int]:
    """Typed text and its bytes. Raises Refusal when it is longer than a person types."""
    if type(value) is not str:
        raise Refusal("message-type")
    text = sound(value)
    size = size_of(text)
    if size > limit:
        raise Refusal("cell-too-large")
    return text, size


def _comm_data(data: Any, limits: OutputLimits) -> tuple[dict[str, Any], int]:
    if data is None:
        return {}, 0
    if type(data) is not dict or not within(data, limits):
        raise Refusal("widget")
    size = len(json.dumps(data))
    if size > limits.comm_request_bytes:
        raise Refusal("too-large")
    # Paths of buffers that do not pass would only break the state that they belong to.
    data = {key: value for key, value in data.items() if key != "buffer_paths"}
    return {**data, "buffer_paths": []}, size
