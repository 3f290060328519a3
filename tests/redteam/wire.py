"""A kernel's websocket with everything that came over it: metadata, buffers and raw bytes too."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import websocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

if TYPE_CHECKING:
    from tests.redteam.targets import Target

V1 = "v1.kernel.websocket.jupyter.org"
GONE = (OSError, websocket.WebSocketException)


@dataclass(frozen=True)
class Message:
    """One message from a kernel."""

    channel: str
    type: str
    parent: str
    content: dict[str, Any]
    raw: bytes = field(repr=False)
    metadata: dict[str, Any] = field(default_factory=dict)
    buffers: list[bytes] = field(default_factory=list, repr=False)


def everything(messages: list[Message]) -> bytes:
    """What came over the websocket, as it came."""
    return b"\n".join(message.raw for message in messages)


def open_socket(site: Target, path: str, **options: Any) -> websocket.WebSocket:
    """A websocket of the target's server with the cookies of its person."""
    options.setdefault("origin", site.url)
    return websocket.create_connection(
        f"ws://{urlsplit(site.url).netloc}{site.path}{path}",
        timeout=15,
        cookie=site.cookies(site.path),
        http_no_proxy=["*"],
        **options,
    )


class Wire:
    """The connection of one open notebook to its kernel."""

    def __init__(self, site: Target, kernel_id: str):
        self.session = uuid.uuid4().hex
        path = f"api/kernels/{kernel_id}/channels?session_id={self.session}"
        self.socket = open_socket(site, path, subprotocols=[V1])
        self.ask("kernel_info_request", {})

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def run(self, code: str, within: float = 60.0, **more: Any) -> list[Message]:
        """Run ``code`` as one cell; all messages until it is done."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
        return self.ask(
            "execute_request", {**content, "allow_stdin": True, "stop_on_error": False, **more}, within=within
        )

    def ask(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        channel: str = "shell",
        buffers: tuple[bytes, ...] = (),
        within: float = 4.0,
        until: str = "",
    ) -> list[Message]:
        """Send one message; what comes until reply and ``idle`` (or a message of type ``until``).

        Nothing is an answer too: what was not let through is often not answered.
        """
        sent = self.send(kind, content, channel=channel, buffers=buffers)
        got: list[Message] = []
        replied = idle = False
        deadline = time.monotonic() + within
        while not (replied and idle) and (left := deadline - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None:
                break
            got.append(message)
            if message.type == until:
                break
            if message.parent == sent:
                replied = replied or message.type.endswith("_reply")
                idle = idle or message.content.get("execution_state") == "idle"
        return got

    def send(
        self, kind: str, content: dict[str, Any], *, channel: str = "shell", buffers: tuple[bytes, ...] = ()
    ) -> str:
        """Send one message; returns its id."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "",
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        self.socket.send_binary(serialize_msg_to_ws_v1([*parts, *buffers], channel))
        return str(header["msg_id"])

    def receive(self, within: float) -> Message | None:
        """The next message; None when none comes."""
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0:
            # The server's pings count as something received, so a long timeout would never end.
            self.socket.settimeout(min(left, 5))
            try:
                raw = self.socket.recv()
                break
            except websocket.WebSocketTimeoutException:
                continue
        else:
            return None
        if not raw:
            raise websocket.WebSocketConnectionClosedException("the server closed the kernel's websocket")
        if isinstance(raw, str):
            return _message(json.loads(raw), raw.encode())
        channel, parts = deserialize_msg_from_ws_v1(raw)
        # What hostile code sent may be no JSON at all.
        header, parent, metadata, content = (_document(part) for part in parts[:4])
        whole = {"header": header, "parent_header": parent, "metadata": metadata, "content": content}
        return _message({**whole, "channel": channel, "buffers": parts[4:]}, raw)


def _document(part: bytes) -> dict[str, Any]:
    try:
        document = json.loads(part)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _message(whole: dict[str, Any], raw: bytes) -> Message:
    return Message(
        whole["channel"],
        str(whole["header"].get("msg_type")),
        str(whole["parent_header"].get("msg_id")),
        whole["content"],
        raw,
        whole["metadata"],
        whole.get("buffers") or [],
    )
