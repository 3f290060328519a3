from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target, wait_for

MAKE = """
import os, socket, threading, time
pipes = ("pipe.txt", "pipe.ipynb")
for name in pipes:
    os.mkfifo(name)
listening = socket.socket(socket.AF_UNIX)
listening.bind("socket.txt")
def clear():
    # Whoever waits at a pipe goes on once somebody holds both its ends.
    time.sleep({wait})
    for name in (*pipes, "socket.txt"):
        if name in pipes:
            held = os.open(name, os.O_RDWR | os.O_NONBLOCK)
            time.sleep(0.2)
            os.close(held)
        os.remove(name)
threading.Thread(target=clear, daemon=True).start()
"""
WAIT = 3


@channel(
    "fifo",
    "A pipe and a socket in the workspace that somebody opens and saves to: the server waits for their other end",
    direction="stop",
    closed_by="contents manager: pipes, sockets and devices are never opened",
    stage=2,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(MAKE.format(wait=WAIT))
    for name in ("pipe.txt", "pipe.ipynb", "socket.txt"):
        for path in (f"api/contents/{name}", f"files/{name}"):
            site.ask("GET", path, within=0.2)
        saved = {"type": "file", "format": "text", "content": "x"}
        site.ask("PUT", f"api/contents/{name}", saved, within=0.2)
    alive = site.answers(1)
    wait_for(site.answers, WAIT + 2)
    return None if alive else secret
