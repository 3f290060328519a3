from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SET = """
import base64
kernel, text = get_ipython().kernel, base64.b64encode(secret).decode()
def do_complete(code, cursor_pos):
    return {"matches": [text], "cursor_start": 0, "cursor_end": 0, "status": "ok", "x": text,
            "metadata": {"x": text, "_jupyter_types_experimental": [{"text": "x", "x": text, "type": text}]}}
kernel.do_complete = do_complete
"""
RESET = "del kernel.do_complete;"


@channel(
    "reply-complete",
    "The answer to a completion: a file of a megabyte as its matches, and metadata",
    closed_by="wire filter: replies are rebuilt; matches are short and counted",
    size=1 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SET)
    with site.wire() as wire:
        got = everything(wire.ask("complete_request", {"code": "x", "cursor_pos": 1}))
    site.run(RESET)
    return got
