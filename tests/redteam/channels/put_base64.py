from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "put-base64",
    "A binary file saved by PUT, in base64",
    direction="in",
    closed_by="policy table: what is saved is text that a person typed",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    body = {"type": "file", "format": "base64", "content": base64.b64encode(secret).decode()}
    site.ask("PUT", "api/contents/put.bin", body)
    return site.inside("put.bin")
