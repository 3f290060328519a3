"""The kernel's websocket with the filter on it: a real desk, a real kernel, hostile outputs and requests."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from desk_process import TOKEN, Desk, start_desk, stop_desk
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


class Cell:
    """A notebook's connection to one kernel."""

    def __init__(self, desk: Desk, kernel: str, socket: WebSocketClientConnection) -> None:
        self.desk, self.kernel, self.socket = desk, kernel, socket

    async def send(self, kind: str, content: dict[str, Any], channel: str = "shell", **more: Any) -> str:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": "s",
            "username": "",
            "version": "5.3",
            "date": "2026-01-01T00:00:00Z",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": channel,
        }
        await self.socket.write_message(json.dumps(message | {"buffers": []} | more))
        return header["msg_id"]

    async def answers(self, asked: str, last: str) -> list[dict[str, Any]]:
        """Everything that answers ``asked``, until ``last`` and the idle status are both there."""
        found: list[dict[str, Any]] = []
        kinds: set[str] = set()
        while not {last, "idle"} <= kinds:
            received = await self.socket.read_message()
            assert received is not None, "the desk closed the websocket"
            message = json.loads(received)
            if message["parent_header"].get("msg_id") == asked:
                found.append(message)
                kinds.add(message["msg_type"])
                kinds.add(str(message["content"].get("execution_state")))
        return found

    async def run(self, code: str) -> list[dict[str, Any]]:
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        asked = await self.send("execute_request", content | {"allow_stdin": False, "stop_on_error": True})
        return await self.answers(asked, "execute_reply")

    async def outputs(self, code: str) -> list[dict[str, Any]]:
        shown = ("stream", "display_data", "execute_result", "error", "update_display_data")
        return [message for message in await self.run(code) if message["msg_type"] in shown]


async def open_cell(desk: Desk) -> Cell:
    kernel = desk.request("POST", "api/kernels", json={"name": "python3"}).json()["id"]
    url = f"{desk.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels?session_id=s"
    socket = await websocket_connect(HTTPRequest(url, headers={"Authorization": f"token {TOKEN}"}))
    return Cell(desk, kernel, socket)


@pytest.fixture
async def cell(desk):
    made = await open_cell(desk)
    yield made
    made.socket.close()
    desk.request("DELETE", f"api/kernels/{made.kernel}")


async def test_text_tables_and_figures_look_as_they_should(cell):
    (text,) = await cell.outputs("print('数据 ok')")
    assert text["content"] == {"name": "stdout", "text": "数据 ok\n"}
    (table,) = await cell.outputs("import pandas; pandas.DataFrame({'age': [1, 2]})")
    assert "<table" in table["content"]["data"]["text/html"]
    assert "<td>2</td>" in table["content"]["data"]["text/html"]
    code = (
        "import matplotlib; matplotlib.use('agg'); import matplotlib.pyplot as p, io, IPython.display as d\n"
    )
    code += "f = io.BytesIO(); p.plot([1, 2]); p.savefig(f); d.Image(f.getvalue())"
    assert (await cell.outputs(code))[-1]["content"]["data"]["image/png"].startswith("iVBOR")
    (error,) = await cell.outputs("1 / 0")
    assert error["content"]["ename"] == "ZeroDivisionError"


@pytest.mark.parametrize(
    ("code", "gone"),
    [
        ("HTML('<script>fetch(1)</script><b>kept</b>')", "script"),
        ("HTML('<a href=\"data:text/csv,1\" download=x>kept</a>')", "data:"),
        ("HTML('<img src=\"http://outside/x\">kept')", "outside"),
        ("HTML('<form action=/hub/logout><input>kept</form>')", "form"),
        (
            "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script><text>kept</text></svg>')",
            "script",
        ),
        ("Javascript('fetch(1) // kept')", "fetch"),
        ("display({'application/pdf': 'JVBERi0=', 'text/plain': 'kept'}, raw=True)", "JVBERi0="),
        ("display({'application/x-secret': 'bytes', 'text/plain': 'kept'}, raw=True)", "bytes"),
        ("display({'text/plain': 'kept'}, metadata={'filename': 'carried'}, raw=True)", "carried"),
    ],
)
async def test_what_is_active_does_not_pass(code, gone, cell):
    outputs = await cell.outputs(f"from IPython.display import *\n{code}")
    assert outputs, "the person is told"
    assert gone not in json.dumps(outputs)


async def test_replies_carry_nothing_past_the_filter(cell):
    content = {"code": "", "silent": True, "store_history": False, "user_expressions": {"x": "carrier()"}}
    await cell.run(
        "class C:\n def _repr_mimebundle_(self, **k): return {'application/x-secret': 'bytes', 'text/plain': 't'}\n"
        "carrier = C"
    )
    asked = await cell.send("execute_request", content)
    answers = await cell.answers(asked, "execute_reply")
    assert "bytes" not in json.dumps(answers)
    assert "'x'" in str(answers)


async def test_the_debugger_is_closed_and_says_so(cell):
    asked = await cell.send(
        "debug_request", {"type": "request", "command": "debugInfo", "seq": 1, "arguments": {}}, "control"
    )
    answers = await cell.answers(asked, "debug_reply")
    assert "debugger is closed" in json.dumps(answers)
    assert any(event["event"] == "withheld" and event["reason"] == "debugger" for event in cell.desk.events())


async def test_a_cell_larger_than_a_person_types_ends_with_the_reason(cell):
    outputs = await cell.outputs("x = '" + "A" * 300_000 + "'")
    assert outputs[0]["msg_type"] == "error"
    assert "larger than what a person types" in outputs[0]["content"]["evalue"]
    assert (await cell.outputs("'x' in globals()"))[0]["content"]["data"]["text/plain"] == "False"


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "[]",
        "{",
        '{"channel": "shell"}',
        "[" * 50_000,
        b"\x00" * 10,
        b"\xff" * 3000,
        '{"header": {"msg_type": 1}}',
    ],
    ids=["empty", "list", "open", "bare", "deep", "zeros", "bytes", "number"],
)
async def test_nonsense_from_a_browser_is_dropped_and_the_next_message_works(frame, cell):
    await cell.socket.write_message(frame, binary=isinstance(frame, bytes))
    assert (await cell.outputs("6 * 7"))[0]["content"]["data"]["text/plain"] == "42"


async def test_what_a_kernel_sends_by_itself_is_held_to_the_same(cell):
    """Messages put on the wire by hand: unknown types, foreign fields, a broken signature."""
    code = """
session = get_ipython().kernel.session
socket = get_ipython().kernel.iopub_socket
parent = get_ipython().kernel.get_parent()
session.send(socket, 'carrel_exfil', {'data': 'bytes-1'}, parent=parent)
session.send(socket, 'display_data', {'data': {'text/plain': 'fine'}, 'metadata': {}, 'bytes-2': 1,
             'transient': {'bytes-3': 1}}, parent=parent, metadata={'bytes-4': 1}, buffers=[b'bytes-5'])
session.send(socket, 'debug_event', {'data': 'bytes-6'}, parent=parent)
from jupyter_client.session import Session
forged = Session(key=b'another', session='s')
forged.send(socket, 'display_data', {'data': {'text/plain': 'bytes-7'}, 'metadata': {}}, parent=parent)
None
"""
    outputs = await cell.outputs(code)
    assert [message["content"]["data"]["text/plain"] for message in outputs] == ["fine"]
    assert "bytes-" not in json.dumps(outputs)


async def test_more_than_an_execution_may_show_is_cut_with_a_line(cell):
    outputs = await cell.outputs("for _ in range(40): display({'text/plain': 'x' * 1_000_000}, raw=True)")
    shown = sum(len(json.dumps(message)) for message in outputs)
    assert shown < 33 * 1024 * 1024
    assert "has shown as much as" in outputs[-1]["content"]["text"]


@pytest.fixture
def small_desk(tmp_path, monkeypatch):
    """A desk with a display budget that one table spends."""
    monkeypatch.setenv("CARREL_DISPLAY_BYTES", "3000")
    running, hub = start_desk(tmp_path)
    yield running
    stop_desk(running, hub)


async def test_past_the_budget_outputs_are_withheld_and_a_restart_gives_none_back(small_desk):
    cell = await open_cell(small_desk)
    assert "x" * 2500 in json.dumps(await cell.outputs("print('x' * 2500)"))
    assert "y" in json.dumps(await cell.outputs("print('y' * 600)"))
    withheld = await cell.outputs("print('zebra-7'); display('zebra-7'); 'zebra-7'")
    assert "zebra-7" not in json.dumps(withheld)
    assert len(withheld) == 1
    assert "display budget is spent" in withheld[0]["content"]["text"]
    # Code still runs.
    assert (await cell.run("1 + 1"))[-1]
    (small_desk.workspace / "made.txt").write_text("zebra-7")
    refused = small_desk.request("GET", "api/contents/made.txt", params={"content": "1"})
    assert (refused.status_code, "zebra-7" in refused.text) == (403, False)
    kinds = [event["event"] for event in small_desk.events()]
    assert {"budget-warning", "budget-crossed", "withheld"} <= set(kinds)
    assert "zebra-7" not in small_desk.log.read_text()
    cell.socket.close()
