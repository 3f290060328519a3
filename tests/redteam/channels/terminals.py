from __future__ import annotations

import contextlib
import json

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import GONE, open_socket


@channel("terminals", "A terminal that prints a file", closed_by="policy table: there are no terminals")
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("terminal.bin")
    name = site.ask("POST", "api/terminals").document.get("name", "1")
    got = b""
    with contextlib.suppress(*GONE):
        socket = open_socket(site, f"terminals/websocket/{name}")
        with contextlib.closing(socket):
            socket.send(json.dumps(["stdin", "base64 -w0 terminal.bin; echo; echo d''one\n"]))
            socket.settimeout(5)
            while b"done" not in got:
                got += str(json.loads(socket.recv())[1]).encode()
    return got
