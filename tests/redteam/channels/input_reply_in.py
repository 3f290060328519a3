from __future__ import annotations

import base64
import contextlib

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import GONE

ASK = "import base64; open('typed.bin', 'wb').write(base64.b64decode(input()));"


@channel(
    "input-reply-in",
    "Three megabytes as the answer to a kernel's question",
    direction="in",
    closed_by="wire filter: an answer is as long as a person types",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    with site.wire() as wire:
        wire.ask(
            "execute_request", {"code": ASK, "silent": False, "allow_stdin": True}, until="input_request"
        )
        with contextlib.suppress(*GONE):
            wire.send("input_reply", {"value": base64.b64encode(secret).decode()}, channel="stdin")
            while (message := wire.receive(1)) and message.content.get("execution_state") != "idle":
                pass
    site.ask("POST", f"api/kernels/{site.kernel_id}/interrupt")
    return site.inside("typed.bin")
