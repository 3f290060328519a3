from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "post-content",
    "Content in requests that have none: POST, PATCH, a copy, a checkpoint, an extension as a name",
    direction="in",
    closed_by="policy table: each body has the keys of its verb and no other",
    stock="jupyter_server takes content by PUT only",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    content = {"type": "file", "format": "base64", "content": text}
    made = site.ask("POST", "api/contents/", {**content, "ext": ".bin"}).document.get("path", "untitled.bin")
    site.ask("PATCH", f"api/contents/{made}", {**content, "path": "posted.bin"})
    site.ask("POST", "api/contents/posted.bin/checkpoints", content)
    site.ask("DELETE", "api/contents/nothing.bin", content)
    return site.inside("posted.bin")
