"""A kernel's websocket, spoken as JupyterLab speaks it: through the proxy, with the page's cookies."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import websocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

from bench.server import Server
from images.console import Stop

V1 = "v1.kernel.websocket.jupyter.org"
"""The subprotocol that JupyterLab offers; without it messages are JSON text."""
WITHIN = 60.0
"""Seconds to wait for any one message."""


class Kernel:
    """The connection of one open notebook to its kernel.

    Like JupyterLab it asks for the kernel's info first, and takes a cell for done when both its
    reply and the kernel's ``idle`` are there.
    """

    def __init__(self, server: Server, kernel_id: str):
        self.session = uuid.uuid4().hex
        site = urlsplit(server.person.url)
        address = f"ws://{site.netloc}{server.path}api/kernels/{kernel_id}/channels?session_id={self.session}"
        cookies = (c for c in server.person.cookies if server.path.startswith(c.path))
        try:
            self._socket = websocket.create_connection(
                address,
                timeout=WITHIN,
                cookie="; ".join(f"{c.name}={c.value}" for c in sorted(cookies, key=lambda c: -len(c.path))),
                origin=server.person.url,
                header=["Sec-Fetch-Mode: websocket", "Sec-Fetch-Site: same-origin"],
                subprotocols=[V1],
                http_no_proxy=["*"],
            )
        except (OSError, websocket.WebSocketException) as error:
            raise Stop(f"the kernel's websocket at {server.path} could not be opened: {error}") from error
        self._binary = self._socket.subprotocol == V1
        self._request("kernel_info_request", {})

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the websocket; the kernel runs on."""
        self._socket.close()

    def execute(self, code: str) -> list[dict[str, Any]]:
        """Run ``code`` as one cell; returns the messages that answer it, to ``idle`` and reply."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        return self._request("execute_request", {**content, "allow_stdin": True, "stop_on_error": True})

    def one_and_one(self) -> None:
        """Run ``1+1`` and see that the answer is 2."""
        for message in self.execute("1+1"):
            if message["msg_type"] == "execute_result" and message["content"]["data"]["text/plain"] == "2":
                return
        raise Stop("the kernel did not answer 2 to 1+1")

    def _request(self, kind: str, content: dict[str, Any]) -> list[dict[str, Any]]:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        self._send({"header": header, "parent_header": {}, "metadata": {}, "content": content})
        answers: list[dict[str, Any]] = []
        replied = idle = False
        while not (replied and idle):
            message = self._receive()
            if message["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            answers.append(message)
            replied = replied or message["channel"] == "shell"
            idle = idle or (
                message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            )
        return answers

    def _send(self, message: dict[str, Any]) -> None:
        if self._binary:
            parts = serialize_msg_to_ws_v1(message, "shell", pack=lambda part: json.dumps(part).encode())
            self._socket.send_binary(parts)
        else:
            self._socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))

    def _receive(self) -> dict[str, Any]:
        try:
            received = self._socket.recv()
        except (OSError, websocket.WebSocketException) as error:
            raise Stop(f"the kernel's websocket gave no answer: {error}") from error
        if isinstance(received, bytes):
            channel, parts = deserialize_msg_from_ws_v1(received)
            header, parent, _metadata, content = (json.loads(part) for part in parts[:4])
            message = {"channel": channel, "header": header, "parent_header": parent, "content": content}
        else:
            message = json.loads(received)
        return {**message, "msg_type": message["header"]["msg_type"]}
