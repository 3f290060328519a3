from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SET = """
import base64
kernel, text = get_ipython().kernel, base64.b64encode(secret).decode()
before = type(kernel).kernel_info
extra = {"banner": text, "help_links": [{"text": "x", "url": "data:x;base64," + text}], "x": text,
         "language_info": {"name": "python", "version": text, "x": text, "codemirror_mode": {"name": text}}}
type(kernel).kernel_info = property(lambda self: {**before.fget(self), **extra})
kernel.do_is_complete = lambda code: {"status": "incomplete", "indent": text, "x": text}
"""
RESET = "type(kernel).kernel_info = before; del kernel.do_is_complete;"


@channel(
    "reply-kernel-info",
    "What a kernel says of itself, of code that is not whole, of its connection and its comms",
    closed_by="wire filter: replies are rebuilt; no banner, no links",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SET)
    with site.wire() as wire:
        got = everything(wire.ask("kernel_info_request", {}))
        got += everything(wire.ask("kernel_info_request", {}, channel="control"))
        got += everything(wire.ask("is_complete_request", {"code": "x"}))
        got += everything(wire.ask("connect_request", {}, within=1))
        got += everything(wire.ask("comm_info_request", {}))
    site.run(RESET)
    return got
