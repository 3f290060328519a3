from __future__ import annotations

import contextlib

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import GONE, open_socket

SYNC_STEP_1 = b"\x00\x00\x01\x00"
"""Of y-websocket: everything that is in the room, please."""


@channel(
    "collaboration",
    "A room of real-time collaboration, joined for a file",
    closed_by="no collaboration; an extension's routes are denied until the policy table names them",
    stock="JupyterLab does not bring jupyter-collaboration",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run("open('room.txt', 'w').write(secret.hex());")
    asked = {"format": "text", "type": "file"}
    session = site.ask("PUT", "api/collaboration/session/room.txt", asked).document
    room = f"text:file:{session.get('fileId', 'room.txt')}?sessionId={session.get('sessionId', '')}"
    got = b""
    with contextlib.suppress(*GONE):
        socket = open_socket(site, f"api/collaboration/room/{room}")
        with contextlib.closing(socket):
            socket.send_binary(SYNC_STEP_1)
            socket.settimeout(2)
            while True:
                received = socket.recv()
                got += received if isinstance(received, bytes) else received.encode()
    return got
