"""Fuzz: any message of a kernel or a page, alone and in a row, on one state."""

from __future__ import annotations

import json
import re

from fuzz_made import damaged
from fuzz_running import fuzzed, listed
from fuzz_strict import assert_content, assert_nothing_unknown, bytes_of
from fuzz_wire import messages, requests
from hypothesis import given
from hypothesis import strategies as st

from export_guard.outputs import DEFAULTS, Refused, WireState, bounded_json, filter_reply, filter_request
from export_guard.outputs.comms import CONTROL, REMEMBERED
from export_guard.outputs.state import EXECUTIONS

HEADER = {"msg_id", "msg_type", "username", "session", "date", "version", "subshell_id"}
FREE = 2500
"""Bytes of ids and words in one message that need not be counted."""


def new_state() -> WireState:
    state = WireState(comms={"c1": "HTMLModel", "c2": CONTROL, "c3": "ImageModel", "c4": "OutputModel"})
    state.asked("asked")
    return state


def assert_reply(channel, message, state):
    reply = filter_reply(channel, message, DEFAULTS, state)
    assert len(state.comms) <= DEFAULTS.comms
    assert len(state.refused) <= REMEMBERED
    assert len(state.executions) <= EXECUTIONS
    if reply.message is None:
        assert not reply.size
        return
    made = reply.message
    assert made.keys() == {"header", "parent_header", "metadata", "content", "buffers"}
    assert made["header"].keys() <= HEADER
    assert made["parent_header"].keys() <= HEADER
    assert all(
        re.fullmatch(r"[\w.:+-]{0,128}", value)
        for part in ("header", "parent_header")
        for value in made[part].values()
    )
    envelope = {name: made[name] for name in ("header", "parent_header", "metadata", "content")}
    json.dumps(envelope, ensure_ascii=False, allow_nan=False).encode()
    assert_nothing_unknown(envelope)
    assert_content(made["header"]["msg_type"], made["content"])
    for buffer in made["buffers"]:
        assert buffer.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"))
    assert bytes_of(made["content"]) <= reply.size * 2 + FREE


@listed
@given(messages())
@fuzzed(200)
def test_a_reply(drawn):
    assert_reply(*drawn, new_state())


@listed
@given(st.lists(st.tuples(st.booleans(), messages(), requests()), min_size=2, max_size=6))
@fuzzed(40)
def test_replies_and_requests_in_a_row(row):
    state = new_state()
    for from_kernel, reply, request in row:
        if from_kernel:
            assert_reply(*reply, state)
        else:
            filter_request(*request, DEFAULTS, state)


@listed
@given(requests())
@fuzzed(100)
def test_a_request(drawn):
    channel, message = drawn
    request = filter_request(channel, message, DEFAULTS, new_state())
    assert (request.message is None) == (request.reason is not None)
    if request.message is not None:
        assert_nothing_unknown({**request.message, "content": {}})
        assert not request.message["buffers"]
        assert channel in ("shell", "control", "stdin")
        json.dumps(request.message).encode()


@listed
@given(damaged(messages().map(lambda drawn: drawn[1] | {"buffers": []})))
@fuzzed(60)
def test_a_damaged_message(data):
    try:
        message = bounded_json(data, DEFAULTS)
    except Refused:
        return
    if isinstance(message, dict):
        for channel in ("iopub", "shell"):
            assert_reply(channel, message | {"buffers": []}, new_state())
            filter_request(channel, message | {"buffers": []}, DEFAULTS, new_state())
