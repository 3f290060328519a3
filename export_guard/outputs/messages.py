"""THE table of messages from a kernel to a browser: what passes, and through what. The rest does not.

`filter_reply` works on the parts of one message after they were parsed by `bounded_json`. It keeps no
part of the envelope that the browser does not need, and drops binary data but a widget's image.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from export_guard.outputs import comms, outputs, replies
from export_guard.outputs.headers import clean_header, clean_metadata, clean_parent
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.passing import Passing, number
from export_guard.outputs.state import WireState
from export_guard.outputs.text import plain_text, size_of, sound, visible
from export_guard.outputs.withheld import Withheld, notice

# Filters a message's content; None when nothing of it may pass.
Content = Callable[[dict[str, Any], Passing], dict[str, Any] | None]


class Reply(NamedTuple):
    """What goes to the browser: ``message`` None is nothing. ``size`` in bytes and table ``cells`` are
    what it shows, for the display budget."""

    message: dict[str, Any] | None
    withheld: tuple[Withheld, ...]
    size: int
    cells: int


def _status(content: dict[str, Any], passing: Passing) -> dict[str, Any] | None:
    state = content.get("execution_state")
    known = ("busy", "idle", "starting", "restarting", "dead", "unknown", "terminating", "autorestarting")
    return {"execution_state": state} if state in known else None


def _clear(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    passing.state.cleared(passing.parent)
    return {"wait": content.get("wait") is True}


def _input(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    code = content.get("code")
    code = visible(sound(code[: passing.limits.code_bytes])) if type(code) is str else ""
    passing.size += size_of(code)
    return {"code": code, "execution_count": number(content.get("execution_count"))}


REPLIES: dict[tuple[str, str], Content] = {
    ("iopub", "status"): _status,
    ("iopub", "stream"): outputs.stream,
    ("iopub", "display_data"): outputs.display,
    ("iopub", "update_display_data"): outputs.update,
    ("iopub", "execute_result"): outputs.result,
    ("iopub", "error"): outputs.error,
    ("iopub", "clear_output"): _clear,
    ("iopub", "execute_input"): _input,
    ("iopub", "comm_open"): comms.opened,
    ("iopub", "comm_msg"): comms.message,
    ("iopub", "comm_close"): comms.closed,
    ("iopub", "shutdown_reply"): replies.ended,
    ("shell", "execute_reply"): replies.execute,
    ("shell", "complete_reply"): replies.complete,
    ("shell", "inspect_reply"): replies.inspect,
    ("shell", "history_reply"): replies.history,
    ("shell", "is_complete_reply"): replies.is_complete,
    ("shell", "kernel_info_reply"): replies.kernel_info,
    ("shell", "comm_info_reply"): comms.known,
    ("stdin", "input_request"): replies.input_request,
    ("control", "kernel_info_reply"): replies.kernel_info,
    ("control", "interrupt_reply"): replies.ended,
    ("control", "shutdown_reply"): replies.ended,
    ("control", "create_subshell_reply"): replies.subshell,
    ("control", "delete_subshell_reply"): replies.subshell,
    ("control", "list_subshell_reply"): replies.subshell,
}
# What adds to a cell's output area.
OUTPUTS = frozenset(["stream", "display_data", "update_display_data", "execute_result", "error"])
# The debugger's answers carry source, variables and files (the Debug Adapter Protocol).
DEBUGGER = frozenset(["debug_reply", "debug_event"])
# Of no use to the browser and no loss: not worth an event.
QUIET = frozenset(["iopub_welcome"])


def filter_reply(channel: str, msg: dict[str, Any], limits: OutputLimits, state: WireState) -> Reply:
    """What of one message from a kernel may go to a browser.

    ``msg`` has ``header``, ``parent_header``, ``metadata``, ``content`` and ``buffers``; it is not
    changed.
    """
    header = clean_header(msg.get("header"))
    content = msg.get("content")
    if header is None or type(content) is not dict:
        return _nothing("message", "malformed")
    kind = header["msg_type"]
    treat = REPLIES.get((channel, kind))
    if treat is None:
        if kind in QUIET:
            return NOTHING
        return _nothing(kind, "debugger" if kind in DEBUGGER else "message-type")
    parent, strange = state.parent(clean_parent(msg.get("parent_header")))
    if kind in OUTPUTS and state.spent(parent.get("msg_id", "")).full:
        return _nothing(kind, "execution-limit")
    buffers = list(msg.get("buffers") or ())
    passing = Passing(limits, state, parent.get("msg_id", ""), buffers)
    kept = treat(content, passing)
    if buffers and len(passing.kept_buffers) < len(buffers):
        passing.hold(kind, "buffers", sum(len(buffer) for buffer in buffers))
    if kept is not None and passing.size:
        kept, kind = _within_limits(kind, kept, passing)
    if kept is None:
        return Reply(None, tuple(passing.withheld), 0, 0)
    message = {
        "header": state.header(kind),
        "parent_header": parent,
        "metadata": clean_metadata(msg.get("metadata")),
        "content": kept,
        "buffers": passing.kept_buffers,
    }
    return Reply(message, tuple(passing.withheld), passing.size + strange, passing.cells)


def _within_limits(kind: str, content: dict[str, Any], passing: Passing) -> tuple[dict[str, Any] | None, str]:
    """The content and type when the message and its execution are within their limits.

    The first output past a limit becomes a line that says so; further ones are dropped without.
    """
    if passing.size > passing.limits.message_bytes:
        reason: str | None = "message-limit"
    else:
        reason = passing.state.spend(passing.parent, passing.size, passing.limits, in_cell=passing.in_cell)
    if reason is None:
        return content, kind
    passing.withheld.append(Withheld(kind, reason, passing.size))
    account = passing.state.spent(passing.parent)
    told, account.told = account.told, True
    passing.size = passing.cells = 0
    passing.kept_buffers.clear()
    if told or not passing.in_cell:
        return ANSWERS.get(kind), kind
    text = plain_text(notice(passing.withheld[-1:], passing.state.language)) + "\n"
    passing.size = size_of(text)
    return {"name": "stderr", "text": text}, "stream"


# An answer that somebody waits for comes also when its content is too large.
ANSWERS: dict[str, dict[str, Any]] = {
    "execute_reply": {"status": "ok", "execution_count": None, "payload": [], "user_expressions": {}},
    "complete_reply": {"status": "ok", "matches": [], "cursor_start": 0, "cursor_end": 0, "metadata": {}},
    "inspect_reply": {"status": "ok", "found": False, "data": {}, "metadata": {}},
    "history_reply": {"status": "ok", "history": []},
    "comm_info_reply": {"status": "ok", "comms": {}},
    "input_request": {"prompt": "", "password": False},
}


def _nothing(what: str, reason: str) -> Reply:
    return Reply(None, (Withheld(what, reason, 0),), 0, 0)


NOTHING = Reply(None, (), 0, 0)
