from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SERVE = """
import socket, threading
door = socket.create_server(("0.0.0.0", 0))
def answer():
    while True:
        peer, _ = door.accept()
        with peer:
            peer.sendall(secret)
threading.Thread(target=answer, daemon=True).start()
print(socket.gethostbyname(socket.gethostname()), door.getsockname()[1])
"""
FETCH = """
import socket
try:
    with socket.create_connection(({address!r}, {port}), timeout=2) as peer:
        print(peer.recv(1000).hex())
except OSError as problem:
    print(problem)
"""


@channel(
    "port-for-others",
    "A port that a kernel opens, and somebody else's kernel connects to",
    closed_by="an engine has no network",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    address, _, port = site.said(SERVE).partition(" ")
    return site.other.said(FETCH.format(address=address, port=port or 0)).encode()
