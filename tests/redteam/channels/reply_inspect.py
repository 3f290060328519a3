from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SET = """
import base64
kernel, text = get_ipython().kernel, base64.b64encode(secret).decode()
def do_inspect(code, cursor_pos, detail_level=0, omit_sections=()):
    bundle = {"application/octet-stream": text, "text/html": f"<!-- {text} -->", "text/plain": "x"}
    return {"status": "ok", "found": True, "data": bundle, "metadata": {"x": text}, "x": text}
kernel.do_inspect = do_inspect
"""
RESET = "del kernel.do_inspect;"


@channel(
    "reply-inspect",
    "The answer to a question for help, of any media type",
    closed_by="wire filter: the bundle passes the table of media types",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SET)
    with site.wire() as wire:
        got = everything(wire.ask("inspect_request", {"code": "x", "cursor_pos": 1, "detail_level": 0}))
    site.run(RESET)
    return got
