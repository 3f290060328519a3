"""An engine of the attacker's: a launcher that says yes, and an application that answers with any bytes."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from kernels.applications.manifest import socket_path

NAME = "cohort-explorer"


def answer(body: bytes | str, *headers: str, media_type: str = "text/html", status: str = "200 OK") -> bytes:
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    lines += [f"Content-Type: {media_type}"] if media_type else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Engine:
    """Both sockets in one folder. ``parts`` is what the application sends, a pause before each but the first."""

    def __init__(self, sockets: Path) -> None:
        self.sockets = sockets
        self.parts: Iterable[bytes] = [answer("<p>hello</p>")]
        self.pause = 0.0
        self.requests: list[bytes] = []
        self.asked: list[dict] = []
        self.refusal = ""
        self.doors = [
            self._serve(sockets / "launcher.sock", self._launch),
            self._serve(socket_path(NAME, str(sockets)), self._apply),
        ]

    def _serve(self, path: Path, act) -> socket.socket:
        door = socket.socket(socket.AF_UNIX)
        door.bind(str(path))
        door.listen(64)

        def accept() -> None:
            while True:
                try:
                    peer, _ = door.accept()
                except OSError:
                    return
                threading.Thread(target=self._one, args=(peer, act), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return door

    def _one(self, peer: socket.socket, act) -> None:
        with peer, contextlib.suppress(OSError):
            act(peer)

    def _launch(self, peer: socket.socket) -> None:
        self.asked.append(json.loads(peer.makefile().readline()))
        reply = {"ok": False, "error": self.refusal} if self.refusal else {"ok": True, "running": True}
        peer.sendall(json.dumps(reply).encode() + b"\n")

    def _apply(self, peer: socket.socket) -> None:
        self.requests.append(peer.recv(65536))
        for number, part in enumerate(self.parts):
            time.sleep(self.pause if number else 0)
            peer.sendall(part)

    def close(self) -> None:
        for door in self.doors:
            with contextlib.suppress(OSError):  # closed already
                door.shutdown(socket.SHUT_RDWR)
            door.close()
