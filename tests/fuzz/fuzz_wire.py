"""Messages of a kernel and of a browser, as hostile code would send them; see `fuzz_made`."""

from __future__ import annotations

import base64
from typing import Any

from fuzz_made import (
    BUNDLED,
    CSS,
    DATA,
    ERROR,
    HTML,
    HUGE,
    IDS,
    JSON,
    METADATA,
    MODELS,
    OUTPUT,
    PIXEL,
    PLAIN,
    STREAM,
    UNKNOWN,
    VALUE,
    _output,
    mostly,
    unknown,
)
from hypothesis import strategies as st

STATE = st.fixed_dictionaries(
    {
        "_model_name": st.sampled_from(MODELS),
        "_model_module": st.sampled_from(
            ["@jupyter-widgets/controls", "@jupyter-widgets/base", "@jupyter-widgets/output", "evil"]
        ),
    },
    optional={
        **{
            name: mostly(HTML)
            for name in ("value", "description", "placeholder", "tooltip", "description_tooltip")
        },
        **dict.fromkeys(
            (
                "options",
                "_options_labels",
                "children",
                "titles",
                "icons",
                "description_allow_html",
                "min",
                "max",
                "step",
                "index",
            ),
            JSON,
        ),
        "outputs": mostly(st.lists(OUTPUT, max_size=2)),
        "layout": mostly(st.sampled_from(["IPY_MODEL_c1", "IPY_MODEL_../x"])),
        "style": mostly(st.just("IPY_MODEL_c2")),
        "width": mostly(CSS),
        "button_color": mostly(CSS),
        "_dom_classes": mostly(st.lists(VALUE, max_size=3)),
        "source": mostly(st.just(["IPY_MODEL_c1", "value"])),
        "target": JSON,
        "icon": VALUE,
        "msg_id": VALUE,
        "_view_name": st.sampled_from(["HTMLView", "ImageView", "LabelView", "evil"]),
        "_view_count": HUGE,
        "format": VALUE,
    },
)
COMM_DATA = unknown(
    st.fixed_dictionaries(
        {},
        optional={
            "method": st.sampled_from(["update", "echo_update", "custom", "update_states", "request_state"]),
            "state": mostly(unknown(STATE)),
            "content": JSON | st.just({"do": "focus"}),
            "buffer_paths": mostly(
                st.sampled_from([[["value"]], [["c3", "value"]], [], [["value"], ["value"]]])
            ),
            "states": mostly(
                st.dictionaries(
                    IDS,
                    st.fixed_dictionaries(
                        {"model_name": st.sampled_from(MODELS), "state": mostly(STATE)},
                        optional={
                            "model_module": st.just("@jupyter-widgets/controls"),
                            "model_module_version": st.sampled_from(["2.0.0", UNKNOWN]),
                            "x_unknown": st.just(UNKNOWN),
                        },
                    ),
                    max_size=3,
                )
            ),
        },
    )
)
PAYLOAD = mostly(
    unknown(
        st.fixed_dictionaries(
            {"source": st.sampled_from(["page", "set_next_input", "edit_magic", "ask_exit"])},
            optional={"data": DATA, "text": mostly(PLAIN), "filename": st.just(UNKNOWN)},
        )
    )
)
CONTENT: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "stream": _output(STREAM),
    "display_data": _output(
        BUNDLED,
        transient=mostly(
            st.fixed_dictionaries({"display_id": IDS}, optional={"x_unknown": st.just(UNKNOWN)})
        ),
    ),
    "update_display_data": _output(BUNDLED, transient=mostly(st.fixed_dictionaries({"display_id": IDS}))),
    "execute_result": _output(BUNDLED, execution_count=HUGE),
    "error": _output(ERROR),
    "comm_open": _output(
        {
            "comm_id": IDS,
            "target_name": st.sampled_from(
                ["jupyter.widget", "jupyter.widget", "jupyter.widget.control", "evil"]
            ),
            "data": mostly(COMM_DATA),
        }
    ),
    "comm_msg": _output({"comm_id": IDS, "data": mostly(COMM_DATA)}),
    "comm_close": _output({"comm_id": IDS, "data": JSON}),
    "execute_reply": _output(
        {"status": VALUE | st.sampled_from(["ok", "error"])},
        payload=mostly(st.lists(PAYLOAD, max_size=2)),
        user_expressions=mostly(
            st.dictionaries(VALUE, mostly(_output({"status": st.just("ok"), **BUNDLED})), max_size=2)
        ),
        **ERROR,
    ),
    "complete_reply": _output(
        {"status": st.just("ok")},
        matches=mostly(st.lists(PLAIN, max_size=3)),
        cursor_start=HUGE,
        cursor_end=HUGE,
        metadata=mostly(
            unknown(
                st.fixed_dictionaries(
                    {
                        "_jupyter_types_experimental": mostly(
                            st.lists(
                                mostly(_output({"text": PLAIN, "type": VALUE}, signature=HTML)), max_size=2
                            )
                        )
                    }
                )
            )
        ),
    ),
    "inspect_reply": _output(BUNDLED, found=JSON, status=VALUE),
    "history_reply": _output(
        {"history": mostly(st.lists(mostly(st.tuples(HUGE, HUGE, PLAIN).map(list)), max_size=3))}
    ),
    "kernel_info_reply": _output(
        {"banner": st.just(UNKNOWN), "help_links": st.just([{"text": UNKNOWN, "url": UNKNOWN}])},
        language_info=mostly(
            unknown(st.fixed_dictionaries({}, optional={"name": VALUE, "codemirror_mode": JSON}))
        ),
        implementation=VALUE,
        protocol_version=VALUE,
        supported_features=JSON,
        debugger=st.just(UNKNOWN),
    ),
    "comm_info_reply": _output(
        {
            "comms": mostly(
                st.dictionaries(IDS, mostly(_output({"target_name": st.just("jupyter.widget")})), max_size=3)
            )
        }
    ),
    "input_request": _output({"prompt": mostly(PLAIN), "password": JSON}),
    "status": _output({"execution_state": st.sampled_from(["busy", "idle", UNKNOWN])}),
    "clear_output": _output({"wait": JSON}),
    "execute_input": _output({"code": mostly(PLAIN), "execution_count": HUGE}),
    "is_complete_reply": _output({"status": VALUE, "indent": VALUE}),
    "shutdown_reply": _output({"status": VALUE, "restart": JSON}),
    "list_subshell_reply": _output({"subshell_id": mostly(st.lists(IDS, max_size=3))}),
    "debug_event": st.just({"event": UNKNOWN}),
    "debug_reply": st.just({"body": UNKNOWN}),
    "anything_else": st.just({"x": UNKNOWN}),
}
CHANNELS = {
    "execute_reply": "shell",
    "complete_reply": "shell",
    "inspect_reply": "shell",
    "history_reply": "shell",
    "kernel_info_reply": "shell",
    "comm_info_reply": "shell",
    "is_complete_reply": "shell",
    "input_request": "stdin",
    "shutdown_reply": "control",
    "list_subshell_reply": "control",
    "debug_reply": "control",
}
HEADER_EXTRA = unknown(
    st.fixed_dictionaries(
        {},
        optional={
            "date": VALUE | st.just("2026-01-02T03:04:05Z"),
            "session": VALUE,
            "username": st.just(UNKNOWN),
            "version": VALUE,
            "subshell_id": VALUE,
        },
    )
)


@st.composite
def messages(draw: Any) -> tuple[str, dict[str, Any]]:
    """A channel, and a message from a kernel on it."""
    kind = draw(st.sampled_from(sorted(CONTENT)))
    header = {**draw(HEADER_EXTRA), "msg_id": draw(st.just("m1") | IDS), "msg_type": kind}
    parent = {
        **draw(HEADER_EXTRA),
        "msg_id": draw(st.sampled_from(["asked", "other"])),
        "msg_type": "execute_request",
    }
    buffers = draw(
        st.lists(st.sampled_from([base64.b64decode(PIXEL), b"<script>", UNKNOWN.encode(), b""]), max_size=2)
    )
    message = {
        "header": header,
        "parent_header": parent,
        "metadata": draw(mostly(METADATA)),
        "content": draw(mostly(CONTENT[kind])),
        "buffers": buffers,
    }
    channel = (
        draw(st.sampled_from(["iopub", "shell", "stdin", "control"]))
        if draw(st.integers(0, 9)) == 0
        else CHANNELS.get(kind, "iopub")
    )
    return channel, message


REQUESTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "execute_request": _output(
        {"code": mostly(PLAIN)},
        user_expressions=mostly(st.dictionaries(VALUE, VALUE, max_size=2)),
        silent=JSON,
        allow_stdin=JSON,
    ),
    "complete_request": _output({"code": mostly(PLAIN), "cursor_pos": HUGE}),
    "inspect_request": _output({"code": mostly(PLAIN), "cursor_pos": HUGE, "detail_level": HUGE}),
    "history_request": _output(
        {"hist_access_type": VALUE | st.just("search")}, output=st.just(True), n=HUGE, pattern=mostly(PLAIN)
    ),
    "is_complete_request": _output({"code": mostly(PLAIN)}),
    "kernel_info_request": _output({}),
    "comm_info_request": _output({"target_name": VALUE}),
    "comm_open": _output(
        {
            "comm_id": IDS,
            "target_name": st.sampled_from(["jupyter.widget", "jupyter.widget.control", "evil"]),
            "data": mostly(st.fixed_dictionaries({"state": mostly(STATE)})),
        }
    ),
    "comm_msg": _output(
        {"comm_id": IDS, "data": mostly(st.fixed_dictionaries({"method": VALUE, "state": mostly(STATE)}))}
    ),
    "comm_close": _output({"comm_id": IDS, "data": st.just({})}),
    "input_reply": _output({"value": mostly(PLAIN)}),
    "interrupt_request": _output({}),
    "shutdown_request": _output({"restart": JSON}),
    "debug_request": st.just({"command": "source"}),
    "create_subshell_request": _output({}),
}


@st.composite
def requests(draw: Any) -> tuple[str, dict[str, Any]]:
    """A channel, and a message from a browser on it."""
    kind = draw(st.sampled_from(sorted(REQUESTS)))
    header = {**draw(HEADER_EXTRA), "msg_id": draw(st.just("m1") | IDS), "msg_type": kind}
    channel = draw(st.sampled_from(["shell", "shell", "shell", "control", "stdin", "iopub", ""]))
    buffers = draw(st.lists(st.binary(max_size=4), max_size=1))
    return channel, {
        "header": header,
        "parent_header": draw(JSON),
        "metadata": draw(mostly(METADATA)),
        "content": draw(mostly(REQUESTS[kind])),
        "buffers": buffers,
    }
