from __future__ import annotations

import base64
import contextlib
import json

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import GONE, open_socket


@channel(
    "terminal-in",
    "A file typed into a terminal",
    direction="in",
    closed_by="policy table: there are no terminals",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    name = site.ask("POST", "api/terminals").document.get("name", "1")
    text = base64.b64encode(secret).decode()
    with contextlib.suppress(*GONE):
        socket = open_socket(site, f"terminals/websocket/{name}")
        with contextlib.closing(socket):
            socket.send(json.dumps(["stdin", f"echo {text} | base64 -d > terminal_in.bin; echo d''one\n"]))
            socket.settimeout(5)
            while "done" not in str(json.loads(socket.recv())[1]):
                pass
    return site.inside("terminal_in.bin")
