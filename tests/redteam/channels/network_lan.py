from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.channels.network_tcp import CONNECT
from tests.redteam.targets import Target

METADATA = ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "metadata.google.internal"]


@channel(
    "network-lan",
    "A connection from a kernel to a cloud's metadata addresses, and to an address of the local network",
    closed_by="an engine has no network",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    local = [address for address in site.outside.addresses if not address.startswith("172.")]
    site.run(CONNECT.format(addresses=METADATA + local, port=site.outside.port))
    return site.outside.hears(secret)
