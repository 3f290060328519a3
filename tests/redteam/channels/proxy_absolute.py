from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.channels.proxy_port import SERVE
from tests.redteam.targets import Target


@channel(
    "proxy-absolute",
    "The same by its absolute addresses: with the path as it is, with a host, by name",
    closed_by="no absolute proxying",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    port = site.said(SERVE)
    places = (f"proxy/absolute/{port}/", f"proxy/127.0.0.1:{port}/", f"proxy/localhost:{port}/")
    return b"\n".join(site.get(place).body for place in places)
