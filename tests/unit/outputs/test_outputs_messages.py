"""Messages from a kernel: known types with known fields pass, the rest does not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from outputs_made import PIXEL, SECRET, header, message

from export_guard.outputs import DEFAULTS, WireState, filter_reply
from export_guard.outputs.messages import REPLIES
from export_guard.outputs.text import JOINER


@pytest.fixture
def state() -> WireState:
    state = WireState()
    state.requested(header("execute_request", "asked"))
    state.asked("asked")
    return state


def reply(channel, kind, content, state, limits=DEFAULTS, **parts):
    return filter_reply(channel, message(kind, content, **parts), limits, state)


PASSES = {
    ("iopub", "status"): {"execution_state": "idle"},
    ("iopub", "stream"): {"name": "stdout", "text": "x\n"},
    ("iopub", "display_data"): {
        "data": {"text/plain": "x"},
        "metadata": {},
        "transient": {"display_id": "a"},
    },
    ("iopub", "update_display_data"): {
        "data": {"text/plain": "x"},
        "metadata": {},
        "transient": {"display_id": "a"},
    },
    ("iopub", "execute_result"): {"execution_count": 3, "data": {"text/plain": "x"}, "metadata": {}},
    ("iopub", "error"): {"ename": "KeyError", "evalue": "'x'", "traceback": ["\x1b[31mKeyError\x1b[0m"]},
    ("iopub", "clear_output"): {"wait": True},
    ("iopub", "execute_input"): {"code": "print('<x>')", "execution_count": 3},
    ("iopub", "shutdown_reply"): {"status": "ok", "restart": False},
    ("shell", "execute_reply"): {"status": "ok", "execution_count": 3, "payload": [], "user_expressions": {}},
    ("shell", "complete_reply"): {
        "status": "ok",
        "matches": ["abs"],
        "cursor_start": 0,
        "cursor_end": 2,
        "metadata": {
            "_jupyter_types_experimental": [
                {"start": 0, "end": 2, "text": "abs", "type": "function", "signature": "(x)"}
            ]
        },
    },
    ("shell", "inspect_reply"): {"status": "ok", "found": True, "data": {"text/plain": "x"}, "metadata": {}},
    ("shell", "history_reply"): {"status": "ok", "history": [[1, 2, "x = 1"]]},
    ("shell", "is_complete_reply"): {"status": "incomplete", "indent": "    "},
    ("shell", "kernel_info_reply"): {
        "status": "ok",
        "protocol_version": "5.4",
        "implementation": "ipython",
        "implementation_version": "9.18.1",
        "language_info": {
            "name": "python",
            "version": "3.11.7",
            "mimetype": "text/x-python",
            "file_extension": ".py",
            "pygments_lexer": "ipython3",
            "nbconvert_exporter": "python",
            "codemirror_mode": {"name": "ipython", "version": 3},
        },
        "banner": "",
        "help_links": [],
        "supported_features": ["kernel subshells"],
    },
    ("shell", "comm_info_reply"): {"status": "ok", "comms": {"a1": {"target_name": "jupyter.widget"}}},
    ("stdin", "input_request"): {"prompt": "name: ", "password": False},
    ("control", "interrupt_reply"): {"status": "ok"},
    ("control", "shutdown_reply"): {"status": "ok", "restart": True},
    ("control", "create_subshell_reply"): {"status": "ok", "subshell_id": "s-1"},
    ("control", "delete_subshell_reply"): {"status": "ok"},
    ("control", "list_subshell_reply"): {"status": "ok", "subshell_id": ["s-1"]},
}


@pytest.mark.parametrize(("channel", "kind"), PASSES)
def test_what_a_kernel_says_passes_unchanged(channel, kind, state):
    content = PASSES[channel, kind]
    outcome = reply(channel, kind, content, state)
    assert outcome.withheld == ()
    assert outcome.message["content"] == content
    assert outcome.message["header"]["msg_type"] == kind
    assert outcome.message["parent_header"] == header("execute_request", "asked")
    assert json.loads(json.dumps(outcome.message)) == outcome.message


@pytest.mark.parametrize(("channel", "kind"), PASSES)
def test_a_field_that_is_not_named_carries_nothing(channel, kind, state):
    content = PASSES[channel, kind] | {SECRET: SECRET, "extra": [SECRET], "engine_info": {"x": SECRET}}
    outcome = filter_reply(
        channel,
        {
            "header": header(kind) | {"extra": SECRET, "date": SECRET, "version": SECRET, "username": SECRET},
            "parent_header": header("execute_request", "asked") | {"extra": SECRET, "session": SECRET * 9},
            "metadata": {"extra": SECRET, "started": SECRET, "status": SECRET},
            "content": content,
            "buffers": [SECRET.encode()],
        },
        DEFAULTS,
        state,
    )
    assert SECRET not in str(outcome.message)
    assert outcome.message["buffers"] == []
    assert outcome.withheld[-1].reason == "buffers"


@pytest.mark.parametrize(
    ("channel", "kind", "reason"),
    [
        ("iopub", "debug_event", "debugger"),
        ("control", "debug_reply", "debugger"),
        ("shell", "debug_reply", "debugger"),
        ("iopub", "execute_reply", "message-type"),
        ("shell", "display_data", "message-type"),
        ("shell", "stream", "message-type"),
        ("iopub", "input_request", "message-type"),
        ("iopub", "data_pub", "message-type"),
        ("shell", "connect_reply", "message-type"),
        ("shell", "usage_reply", "message-type"),
        ("hb", "status", "message-type"),
        ("", "", "malformed"),
    ],
)
def test_other_types_do_not_pass(channel, kind, reason, state):
    outcome = reply(channel, kind, {"data": {"text/plain": SECRET}, "text": SECRET, "name": "stdout"}, state)
    assert outcome.message is None
    assert [item.reason for item in outcome.withheld] == [reason]
    assert SECRET not in str(outcome)


def test_the_welcome_of_iopub_is_no_event(state):
    assert reply("iopub", "iopub_welcome", {"subscription": ""}, state) == (None, (), 0, 0)


@pytest.mark.parametrize("kind", sorted(REPLIES, key=str))
@pytest.mark.parametrize(
    "content", [{}, {"data": 1, "text": [1], "name": {}, "comms": 1, "status": []}, {"payload": 1}]
)
def test_a_message_without_its_fields_breaks_nothing(kind, content, state):
    filter_reply(kind[0], message(kind[1], content), DEFAULTS, state)


@pytest.mark.parametrize("part", ["header", "content"])
@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_a_message_without_its_parts_is_refused(part, value, state):
    outcome = filter_reply("iopub", message("stream", {}) | {part: value}, DEFAULTS, state)
    assert outcome.message is None


def test_what_a_kernel_calls_a_message_is_not_passed_on(state):
    """Its id, session and date are the desk's own: a kernel's could be any text, in every message."""
    made = message("status", {"execution_state": "busy"})
    made["header"] |= {
        "msg_id": SECRET,
        "session": SECRET,
        "subshell_id": SECRET,
        "date": datetime(2026, 1, 2, tzinfo=UTC),
    }
    sent = [filter_reply("iopub", made, DEFAULTS, state).message["header"] for _ in range(2)]
    assert SECRET not in str(sent)
    assert "2026-01-02" not in str(sent)
    assert sent[0]["msg_id"] != sent[1]["msg_id"]
    assert sent[0]["session"] == sent[1]["session"]


def test_an_answer_names_what_a_browser_asked_as_the_browser_named_it(state):
    made = message("status", {"execution_state": "busy"})
    made["parent_header"] = header("execute_request", "asked") | {"session": SECRET, "subshell_id": SECRET}
    outcome = filter_reply("iopub", made, DEFAULTS, state)
    assert outcome.message["parent_header"] == header("execute_request", "asked")
    assert outcome.size == 0


def test_a_parent_that_nobody_asked_counts_once_and_not_past_the_budget(state):
    def named(name: str) -> Any:
        made = message("status", {"execution_state": "busy"})
        made["parent_header"] = header("execute_request", name)
        return filter_reply("iopub", made, DEFAULTS, state)

    # A kernel that outlived its desk answers what the one before was asked.
    assert named("before").message["parent_header"]["msg_id"] == "before"
    assert named("x" * 60).size >= 60
    assert named("x" * 60).size == 0
    state.spent_budget = True
    assert named("y" * 60).message["parent_header"] == {}
    assert named("asked").message["parent_header"]["msg_id"] == "asked"


def test_size_and_cells_are_counted_for_the_budget(state):
    html = "<table><tbody><tr><td>1</td></tr></tbody></table>"
    outcome = reply("iopub", "display_data", {"data": {"text/html": html}, "metadata": {}}, state)
    assert (outcome.size, outcome.cells) == (len(html), 1)
    assert reply("iopub", "status", {"execution_state": "idle"}, state).size == 0


def test_a_long_stream_is_cut_with_a_sentence(state):
    outcome = reply("iopub", "stream", {"name": "stdout", "text": "x" * (2 * 2**20)}, state)
    text = outcome.message["content"]["text"]
    assert len(text) < 2**20 + 200
    assert "too large to show (2.0 MiB)" in text


def test_past_its_limit_an_execution_is_told_once_and_then_silent(state):
    limits = replace(DEFAULTS, execution_bytes=25, cell_bytes=100)
    outcomes = [
        reply("iopub", "stream", {"name": "stdout", "text": "0123456789"}, state, limits) for _ in range(5)
    ]
    assert [bool(outcome.message) for outcome in outcomes] == [True, True, True, False, False]
    assert outcomes[2].message["header"]["msg_type"] == "stream"
    assert "as much as an execution may" in outcomes[2].message["content"]["text"]
    assert [outcome.withheld[0].reason for outcome in outcomes[2:]] == ["execution-limit"] * 3
    state.asked("next")
    assert reply("iopub", "stream", {"name": "stdout", "text": "x"}, state, limits, parent="next").message


def test_a_flood_past_the_limit_is_not_even_read(state, monkeypatch):
    limits = replace(DEFAULTS, execution_bytes=25)
    text = {"name": "stdout", "text": "0123456789" * 10}
    assert reply("iopub", "stream", text, state, limits).message["header"]["msg_type"] == "stream"
    monkeypatch.setitem(REPLIES, ("iopub", "stream"), lambda *_: pytest.fail("was read"))
    outcome = reply("iopub", "stream", text, state, limits)
    assert outcome.message is None
    assert outcome.withheld[0].reason == "execution-limit"
    assert reply("iopub", "status", {"execution_state": "idle"}, state, limits).message


def test_a_cleared_cell_may_show_more_an_execution_may_not(state):
    limits = replace(DEFAULTS, execution_bytes=35, cell_bytes=15)
    text = {"name": "stdout", "text": "0123456789"}
    shown = []
    for _ in range(5):
        outcome = reply("iopub", "stream", text, state, limits)
        shown.append(outcome.message is not None and outcome.message["content"] == text)
        reply("iopub", "clear_output", {"wait": True}, state, limits)
    assert shown == [True, True, True, False, False]


def test_updates_count_for_the_execution(state):
    limits = replace(DEFAULTS, execution_bytes=25)
    content = {"data": {"text/plain": "0123456789"}, "metadata": {}, "transient": {"display_id": "a"}}
    passed = [reply("iopub", "update_display_data", content, state, limits).message for _ in range(4)]
    assert [bool(item) for item in passed] == [True, True, False, False]


def test_a_name_that_no_browser_asked_with_opens_no_account(state):
    limits = replace(DEFAULTS, execution_bytes=25)
    passed = [
        reply(
            "iopub", "stream", {"name": "stdout", "text": "0123456789"}, state, limits, parent=f"x{n}"
        ).message
        for n in range(6)
    ]
    assert sum(item is not None for item in passed) == 3
    assert list(state.executions) == ["asked"]


def test_an_answer_that_is_waited_for_comes_empty_when_it_is_too_large(state):
    limits = replace(DEFAULTS, message_bytes=100)
    outcome = reply("shell", "complete_reply", {"status": "ok", "matches": ["x" * 90] * 5}, state, limits)
    assert outcome.message["content"]["matches"] == []
    assert outcome.message["header"]["msg_type"] == "complete_reply"


def test_an_address_split_over_messages_is_none(state):
    first = reply("iopub", "stream", {"name": "stdout", "text": "https:"}, state)
    second = reply("iopub", "stream", {"name": "stdout", "text": "//evil.example"}, state)
    joined = first.message["content"]["text"] + second.message["content"]["text"]
    assert "://" not in joined
    assert joined.replace(JOINER, "") == "https://evil.example"


def test_code_that_goes_into_a_cell_is_not_changed(state):
    text = "read('https://a/www.b')  # <b> data:x"
    complete = reply("shell", "complete_reply", {"status": "ok", "matches": [text]}, state)
    assert complete.message["content"]["matches"] == [text]
    history = reply("shell", "history_reply", {"status": "ok", "history": [[1, 2, [text, SECRET]]]}, state)
    assert history.message["content"]["history"] == [[1, 2, text]]


def test_payloads_are_pages_of_help_and_text_for_a_cell(state):
    payload = [
        {"source": "page", "data": {"text/plain": "help", "application/javascript": SECRET}, "start": 0},
        {"source": "set_next_input", "text": "print('https://x')", "replace": False},
        {"source": "set_next_input", "text": "x" * 20_000},
        {"source": "edit_magic", "filename": SECRET},
        {"source": "ask_exit", "keepkernel": False, "x": SECRET},
        SECRET,
    ]
    outcome = reply(
        "shell", "execute_reply", {"status": "ok", "execution_count": 1, "payload": payload}, state
    )
    assert outcome.message["content"]["payload"] == [
        {"source": "page", "data": {"text/plain": "help"}, "start": 0},
        {"source": "set_next_input", "text": "print('https://x')", "replace": False},
        {"source": "ask_exit", "keepkernel": False},
    ]


def test_expressions_are_bundles(state):
    expressions = {
        "a": {"status": "ok", "data": {"text/html": "<script>x</script><b>y</b>"}, "metadata": {}},
        "b": {"status": "error", "ename": "E", "evalue": "v", "traceback": []},
        "<c>": {"status": "ok"},
        "d": SECRET,
    }
    content = {"status": "ok", "user_expressions": expressions}
    kept = reply("shell", "execute_reply", content, state).message["content"]["user_expressions"]
    assert kept["a"]["data"] == {"text/html": "<b>y</b>"}
    assert kept["b"] == expressions["b"]
    assert set(kept) == {"a", "b"}


def test_the_kernel_has_no_debugger_and_no_links(state):
    content = {
        "debugger": True,
        "supported_features": ["debugger", "kernel subshells"],
        "banner": SECRET,
        "help_links": [{"text": "x", "url": "https://evil.example"}],
    }
    kept = reply("shell", "kernel_info_reply", content, state).message["content"]
    assert "debugger" not in str(kept)
    assert kept["help_links"] == []
    assert SECRET not in str(kept)


def test_answers_are_bounded_in_number_and_length(state):
    many = ["x" * 600] * 10_000
    kept = reply("shell", "complete_reply", {"status": "ok", "matches": many}, state)
    assert len(kept.message["content"]["matches"]) == DEFAULTS.matches
    assert all(len(match) == 500 for match in kept.message["content"]["matches"])
    history = [[1, n, "x" * 20_000] for n in range(5000)]
    kept = reply("shell", "history_reply", {"status": "ok", "history": history}, state)
    assert kept.size < 2 * 2**20
    prompt = reply("stdin", "input_request", {"prompt": "x" * 10_000, "password": 1}, state).message[
        "content"
    ]
    assert (len(prompt["prompt"]), prompt["password"]) == (DEFAULTS.prompt_bytes, False)


def test_the_notice_speaks_the_persons_language():
    state = WireState(language="zh_CN")
    kept = reply("iopub", "display_data", {"data": {"image/png": PIXEL, "x/y": 1}, "metadata": {}}, state)
    assert kept.message["content"]["data"].keys() == {"image/png"}
    assert kept.withheld[0].what == "x/y"
