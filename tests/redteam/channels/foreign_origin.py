from __future__ import annotations

import contextlib

import websocket

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import open_socket


@channel(
    "foreign-origin",
    "A page of another origin that uses a person's cookies: a kernel's websocket, a POST without the XSRF token",
    direction="reach",
    closed_by="origin and XSRF checks, as the server has them; SameSite cookies",
    stock="jupyter_server checks origins and XSRF tokens",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    with contextlib.suppress(OSError, websocket.WebSocketException):
        path = f"api/kernels/{site.kernel_id}/channels"
        open_socket(site, path, origin="http://attacker.example").close()
        return secret
    cookies = {"Cookie": site.cookies(site.path), "Origin": "http://attacker.example"}
    made = site.ask("POST", "api/contents/", b"{}", cookies, cookies=False)
    return secret if made.status == 201 else None
