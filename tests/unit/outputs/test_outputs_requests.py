"""Messages to a kernel: what a page sends passes, bounded as typing is; the rest does not."""

from __future__ import annotations

import pytest
from outputs_made import SECRET, message, nested

from export_guard.outputs import DEFAULTS, WireState, filter_request
from export_guard.outputs.comms import CONTROL

EXECUTE = {
    "code": "print('中')",
    "silent": False,
    "store_history": True,
    "user_expressions": {},
    "allow_stdin": True,
    "stop_on_error": True,
}
PASSES = {
    ("shell", "execute_request"): EXECUTE,
    ("shell", "complete_request"): {"code": "ab", "cursor_pos": 2},
    ("shell", "inspect_request"): {"code": "abs", "cursor_pos": 3, "detail_level": 1},
    ("shell", "history_request"): {
        "hist_access_type": "tail",
        "n": 500,
        "raw": True,
        "output": False,
        "unique": False,
    },
    ("shell", "is_complete_request"): {"code": "for x in y:"},
    ("shell", "kernel_info_request"): {},
    ("shell", "comm_info_request"): {"target_name": "jupyter.widget"},
    ("shell", "comm_msg"): {
        "comm_id": "a1",
        "data": {"method": "update", "state": {"value": 3}, "buffer_paths": []},
    },
    ("shell", "comm_close"): {"comm_id": "a1", "data": {"buffer_paths": []}},
    ("stdin", "input_reply"): {"value": "yes"},
    ("control", "interrupt_request"): {},
    ("control", "shutdown_request"): {"restart": True},
    ("control", "create_subshell_request"): {},
    ("control", "delete_subshell_request"): {"subshell_id": "s1"},
    ("control", "list_subshell_request"): {},
}


def request(channel, kind, content, state=None, **parts):
    return filter_request(channel, message(kind, content, **parts), DEFAULTS, state or WireState())


@pytest.mark.parametrize(("channel", "kind"), PASSES)
def test_what_a_page_sends_passes_unchanged_and_nothing_else_in_it(channel, kind):
    outcome = request(channel, kind, PASSES[channel, kind])
    assert outcome.reason is None
    assert outcome.message["content"] == PASSES[channel, kind]
    more = request(channel, kind, PASSES[channel, kind] | {"extra": SECRET}, metadata={"extra": SECRET})
    assert SECRET not in str(more)


@pytest.mark.parametrize(
    ("channel", "kind", "reason"),
    [
        ("control", "debug_request", "debugger"),
        ("shell", "debug_request", "debugger"),
        ("shell", "connect_request", "message-type"),
        ("shell", "apply_request", "message-type"),
        ("shell", "usage_request", "message-type"),
        ("control", "execute_request", "message-type"),
        ("iopub", "execute_request", "message-type"),
        ("stdin", "execute_request", "message-type"),
        ("shell", "shutdown_request", "message-type"),
    ],
)
def test_other_types_are_refused(channel, kind, reason):
    assert request(channel, kind, EXECUTE) == (None, reason, 0)


def test_binary_data_is_refused():
    outcome = request("shell", "comm_msg", PASSES["shell", "comm_msg"], buffers=[b"x"])
    assert outcome == (None, "buffers", 0)
    assert request("shell", "comm_msg", PASSES["shell", "comm_msg"], buffers=[b""]).reason is None


@pytest.mark.parametrize(
    ("channel", "kind", "content", "reason"),
    [
        ("shell", "execute_request", {"code": "x" * (256 * 1024 + 1)}, "cell-too-large"),
        ("shell", "execute_request", {"code": "中" * (90 * 1024)}, "cell-too-large"),
        ("shell", "execute_request", {"code": ["x"]}, "message-type"),
        ("shell", "execute_request", {}, "message-type"),
        ("shell", "execute_request", {"code": "", "user_expressions": {"a": "x" * 20_000}}, "cell-too-large"),
        ("shell", "execute_request", {"code": "", "user_expressions": {"x" * 200: ""}}, "cell-too-large"),
        ("shell", "execute_request", {"code": "", "user_expressions": [1]}, "message-type"),
        ("shell", "complete_request", {"code": "x" * (256 * 1024 + 1)}, "cell-too-large"),
        ("stdin", "input_reply", {"value": "x" * (16 * 1024 + 1)}, "cell-too-large"),
        ("shell", "comm_msg", {"comm_id": "a", "data": {"x": "y" * 70_000}}, "too-large"),
        ("shell", "comm_msg", {"comm_id": "a", "data": {"x": nested(50)}}, "widget"),
        ("shell", "comm_msg", {"comm_id": ["a"], "data": {}}, "widget"),
        ("shell", "comm_open", {"comm_id": "a", "target_name": "evil", "data": {}}, "widget"),
        ("shell", "comm_open", {"comm_id": "a", "target_name": ["x"], "data": {}}, "widget"),
        ("shell", "comm_open", {"comm_id": "a", "target_name": "jupyter.widget", "data": {}}, "widget"),
        (
            "shell",
            "comm_open",
            {
                "comm_id": "a",
                "target_name": "jupyter.widget",
                "data": {"state": {"_model_name": "FileUploadModel"}},
            },
            "widget",
        ),
    ],
)
def test_more_than_a_person_types_is_refused(channel, kind, content, reason):
    assert request(channel, kind, content) == (None, reason, 0)


def test_size_is_what_was_typed():
    assert request("shell", "execute_request", {"code": "中a", "user_expressions": {"b": "cd"}}).size == 7


def test_a_run_opens_an_account_and_a_comm_is_remembered():
    state = WireState()
    request("shell", "execute_request", EXECUTE, state)
    assert list(state.executions) == ["a1b2_1"]
    request("shell", "comm_open", {"comm_id": "c1", "target_name": CONTROL, "data": {}}, state)
    assert state.comms == {"c1": CONTROL}
    changed = {"state": {"_model_name": "HTMLModel"}}
    outcome = request(
        "shell", "comm_open", {"comm_id": "c1", "target_name": "jupyter.widget", "data": changed}, state
    )
    assert outcome.reason == "widget"


def test_executions_and_comms_that_are_remembered_are_bounded():
    state = WireState()
    for number in range(1000):
        state.asked(str(number))
    assert len(state.executions) == 256
    for number in range(3000):
        request("shell", "comm_open", {"comm_id": f"c{number}", "target_name": CONTROL, "data": {}}, state)
    assert len(state.comms) == DEFAULTS.comms


@pytest.mark.parametrize(("channel", "kind"), PASSES)
@pytest.mark.parametrize("content", [None, [], {}, {"code": 1}, {"comm_id": {}, "target_name": []}])
def test_a_request_without_its_fields_breaks_nothing(channel, kind, content):
    request(channel, kind, content)
