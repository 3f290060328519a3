from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

PART = 512 * 1024


@channel(
    "put-chunks",
    "A file saved in parts, as JupyterLab uploads a large one",
    direction="in",
    closed_by="policy table: nothing is saved in parts",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret)
    parts = [text[start : start + PART].decode() for start in range(0, len(text), PART)]
    for number, part in enumerate(parts, start=1):
        body = {"type": "file", "format": "base64", "content": part}
        chunk = -1 if number == len(parts) else number
        site.ask("PUT", "api/contents/chunks.bin", {**body, "chunk": chunk})
    return site.inside("chunks.bin")
