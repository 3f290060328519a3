from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "put-large-text",
    "A file of three megabytes saved by PUT, as a text and as a notebook that is one in name only",
    direction="in",
    closed_by="policy table: sizes of what is saved",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    site.ask("PUT", "api/contents/large.txt", {"type": "file", "format": "text", "content": text})
    site.ask("PUT", "api/contents/large.ipynb", {"type": "file", "format": "text", "content": text})
    return (site.inside("large.txt") or b"") + (site.inside("large.ipynb") or b"")
