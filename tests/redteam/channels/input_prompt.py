from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything


@channel(
    "input-prompt",
    "A question to the person whose text is a file of a megabyte",
    closed_by="wire filter: a prompt is short",
    size=1 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    with site.wire() as wire:
        content = {"code": "input(secret.hex())", "silent": False, "allow_stdin": True}
        got = wire.ask("execute_request", content, until="input_request")
        wire.send("input_reply", {"value": "x"}, channel="stdin")
        while (message := wire.receive(1)) and message.content.get("execution_state") != "idle":
            pass
    return everything(got)
