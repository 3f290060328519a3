from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

PART = 192 * 1024


@channel(
    "cells-many-in",
    "Three megabytes in twenty cells, each of a size that may be run",
    direction="in",
    closed_by="what is typed is counted, too",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    with site.wire() as wire:
        wire.run("import base64; into = open('cells.bin', 'wb');")
        for at in range(0, len(secret), PART // 4 * 3):
            part = base64.b64encode(secret[at : at + PART // 4 * 3]).decode()
            wire.run(f"into.write(base64.b64decode('{part}'));", within=5)
        wire.run("into.close();")
    return site.inside("cells.bin")
