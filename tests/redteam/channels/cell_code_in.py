from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "cell-code-in",
    "A cell with three megabytes of base64 in it, run",
    direction="in",
    closed_by="wire filter: code is as long as a person types",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    with site.wire() as wire:
        wire.run(f"import base64; open('code.bin', 'wb').write(base64.b64decode('{text}'));", within=10)
    return site.inside("code.bin")
