from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

NAMES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


@channel(
    "method-override",
    "A request that asks to be taken for another method, with a body that only that one has",
    direction="in",
    closed_by="policy table: such headers are refused",
    stock="tornado knows no such header",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    body = {"type": "file", "format": "text", "content": secret.hex()}
    for name in NAMES:
        site.ask("POST", "api/contents/override.txt", body, {name: "PUT"})
        site.ask("POST", "api/contents/override.txt?_method=PUT", body)
    return site.inside("override.txt")
