"""The kernel websocket: the server's own connection class, with the guard's filter on both ways."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import orjson
from jupyter_client.session import DELIM
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

import locales
from export_guard.desk import Desk
from export_guard.outputs import (
    OutputLimits,
    Refused,
    WireState,
    Withheld,
    bounded_json,
    filter_reply,
    filter_request,
    sentence,
)
from export_guard.outputs.requests import Request, typed_in
from export_guard.outputs.text import plain_text
from export_guard.reasons import sentence as denied_sentence

V1 = "v1.kernel.websocket.jupyter.org"
PARTS = ("header", "parent_header", "metadata", "content")
SHOWN = frozenset(["stream", "display_data", "update_display_data", "execute_result", "error"])
"""Messages that put something on the screen; past the budget none of them does."""
TYPED = frozenset(
    [
        "execute_request",
        "input_reply",
        "complete_request",
        "inspect_request",
        "is_complete_request",
        "comm_msg",
    ]
)
"""Messages that a page does not send unless its person does something."""
RAW_FACTOR = 2
"""A message may come in so many times the size that it may go out with: base64, escapes, what is cut."""


class DeskChannels(ZMQChannelsWebsocketConnection):
    """Passes on what `export_guard.outputs` lets through, and counts it.

    Sends each message at once. Tornado switches Nagle's algorithm on again after each HTTP response
    (`HTTP1Connection._finish_request`), the upgrade to a websocket included. A kernel answers one
    cell with several small messages, so each then waits for the browser's delayed acknowledgement
    of the one before, about 40 ms.
    """

    # One kernel's state serves all browser windows on it; it goes with the kernel's manager.
    _states: ClassVar[WeakKeyDictionary[Any, WireState]] = WeakKeyDictionary()

    def connect(self) -> Any:
        """Connect to the kernel's channels, without delaying small messages."""
        self.websocket_handler.set_nodelay(True)
        self.state.language = locales.choose(self.websocket_handler.request.headers.get("Accept-Language"))
        self.desk.sessions.opened(self.websocket_handler.current_user, self.websocket_handler)
        return super().connect()

    @property
    def desk(self) -> Desk:
        """The guard's parts that all connections share."""
        return self.websocket_handler.settings["export_guard"]

    @property
    def limits(self) -> OutputLimits:
        """How much of everything passes."""
        return self.desk.output_limits

    @property
    def state(self) -> WireState:
        """What the filter remembers of this kernel."""
        return self._states.setdefault(self.kernel_manager, WireState())

    # From the browser.

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass on to the kernel what a person's page sends, and answer the rest."""
        try:
            channel, message = self._parsed(incoming_msg)
        except (Refused, ValueError, KeyError, TypeError, IndexError, RecursionError):
            self.desk.emitter.withheld(what="request", reason="malformed", size=len(incoming_msg))
            return
        request = filter_request(channel, message, self.limits, self.state)
        if request.message is not None and not self.desk.typed.takes(typed_in(request.message)):
            request = Request(None, "typed", 0)
        if request.message is None:
            size = len(incoming_msg)
            self.desk.emitter.withheld(what=_kind(message), reason=str(request.reason), size=size)
            self._answer_refused(message, str(request.reason), size)
        elif channel in self.channels:
            if _kind(message) in TYPED:
                self.desk.sessions.acted(self.websocket_handler.current_user)
            self.session.send(self.channels[channel], request.message)

    def _parsed(self, received: Any) -> tuple[str, dict[str, Any]]:
        data = received if isinstance(received, bytes) else received.encode()
        if len(data) > self.limits.request_bytes:
            raise Refused("too-large")
        if self.subprotocol == V1:
            channel, parts = deserialize_msg_from_ws_v1(data)
            named = zip(PARTS, parts, strict=False)
            message = {name: bounded_json(part, self.limits) for name, part in named}
            message["buffers"] = parts[len(PARTS) :]
        elif isinstance(received, bytes):
            message = deserialize_binary_message(data)
            channel = message.pop("channel", None)
        else:
            message = bounded_json(data, self.limits)
            channel = message.pop("channel", None)
        return str(channel or "shell"), message

    def _answer_refused(self, request: dict[str, Any], reason: str, size: int) -> None:
        """End a refused execution with its reason, or its cell would wait for ever."""
        kind = _kind(request)
        if not kind.endswith("_request"):
            return
        said = sentence(Withheld(kind, reason, size), self.state.language)
        parent = request["header"]
        error = {"status": "error", "ename": "Refused", "evalue": said, "traceback": []}
        if kind == "execute_request":
            self._say("iopub", "error", error, parent)
        reply = kind.removesuffix("_request") + "_reply"
        self._say("control" if kind == "debug_request" else "shell", reply, error, parent)
        self._say("iopub", "status", {"execution_state": "idle"}, parent)

    def _say(self, channel: str, kind: str, content: dict[str, Any], parent: dict[str, Any]) -> None:
        """Send a message of the desk's own to the browser, as the kernel would."""
        if channel in self.channels:
            message = self.session.msg(kind, content, parent)
            parts = [json.dumps(message[name], default=str).encode() for name in PARTS]
            super().handle_outgoing_message(channel, [DELIM, self.session.sign(parts), *parts])

    # From the kernel.

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass on to the browser what may be shown."""
        channel = stream if isinstance(stream, str) else getattr(stream, "channel", None)
        begun = time.perf_counter_ns()
        parts = self._filtered(str(channel), outgoing_msg)
        self.desk.numbers.filtered(time.perf_counter_ns() - begun)
        if parts is not None:
            # What is packed for this subprotocol is not looked at again; JSON is, by its signature.
            signature = b"" if self.subprotocol == V1 else self.session.sign(parts[: len(PARTS)])
            super().handle_outgoing_message(stream, [DELIM, signature, *parts])

    def _filtered(self, channel: str, received: list[Any]) -> list[bytes] | None:
        """The message's parts as they may go out, or None."""
        try:
            frames: list[Any] = self.session.feed_identities(received)[1]
            signature, *parts = (bytes(frame) for frame in frames)
            whole = sum(len(part) for part in parts)
            genuine = hmac.compare_digest(signature, self.session.sign(parts[: len(PARTS)]))
            if not genuine or len(parts) < len(PARTS):
                raise Refused("malformed")
            header, parent = (bounded_json(part, self.limits, size=16 * 1024) for part in parts[:2])
            if whole > self.limits.message_bytes * RAW_FACTOR:
                # Parsing it would cost more than it is worth: only that it came is told.
                return self._too_large(channel, header, parent, whole)
            metadata, content = (
                bounded_json(part, self.limits, size=self.limits.message_bytes * RAW_FACTOR)
                for part in parts[2:4]
            )
        except (Refused, ValueError, TypeError, IndexError) as problem:
            reason = problem.args[0] if isinstance(problem, Refused) else "malformed"
            self.desk.emitter.withheld(what="message", reason=reason, size=sum(map(len, received)))
            return None
        message = dict(zip(PARTS, (header, parent, metadata, content), strict=True))
        self.state.spent_budget = self._budget_spent()
        if self.state.spent_budget and _kind(message) in SHOWN:
            return self._budget_notice(message, whole)
        reply = filter_reply(channel, {**message, "buffers": parts[len(PARTS) :]}, self.limits, self.state)
        for withheld in reply.withheld:
            self.desk.emitter.withheld(what=withheld.what, reason=withheld.reason, size=withheld.size)
        if reply.message is None:
            return None
        self.desk.budget.spend(reply.size, reply.cells)
        content = reply.message["content"]
        if "data" in content and _kind(reply.message) in SHOWN:
            self.desk.shown.note(content["data"])
        return _packed(reply.message)

    def _too_large(self, channel: str, header: Any, parent: Any, size: int) -> list[bytes] | None:
        self.desk.emitter.withheld(what=str(header.get("msg_type"))[:64], reason="too-large", size=size)
        if channel != "iopub":
            return None
        text = sentence(Withheld("message", "message-limit", size), self.state.language)
        return self._notice(header, parent, text)

    def _budget_spent(self) -> bool:
        return self.desk.emitter.full or not self.desk.budget.allows()

    def _budget_notice(self, message: dict[str, Any], size: int) -> list[bytes] | None:
        """One line in place of each execution's first output; the others are dropped."""
        parent = message["parent_header"] if isinstance(message["parent_header"], dict) else {}
        self.desk.emitter.withheld(what=_kind(message), reason="budget", size=size)
        account = self.state.spent(str(parent.get("msg_id", "")))
        if account.told:
            return None
        account.told = True
        return self._notice(message["header"], parent, denied_sentence("budget", self.state.language))

    def _notice(self, header: Any, parent: Any, text: str) -> list[bytes] | None:
        line = {"name": "stderr", "text": plain_text(text) + "\n"}
        stream = {**header, "msg_type": "stream"} if isinstance(header, dict) else {}
        notice = {"header": stream, "parent_header": parent, "metadata": {}, "content": line}
        kept = filter_reply("iopub", notice, self.limits, self.state).message
        return _packed(kept) if kept else None

    def on_kernel_restarted(self) -> None:
        """The kernel is a new one."""
        self.state.restarted()
        super().on_kernel_restarted()


def _kind(message: dict[str, Any]) -> str:
    header = message.get("header")
    kind = header.get("msg_type") if isinstance(header, dict) else None
    return kind[:64] if isinstance(kind, str) else "message"


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a whole number of more than 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _packed(message: dict[str, Any]) -> list[bytes]:
    return [_json(message[name]) for name in PARTS] + list(message.get("buffers") or ())
