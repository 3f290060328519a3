from __future__ import annotations

import time

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import Wire

FLOOD = """
from IPython.display import publish_display_data
kernel = get_ipython().kernel
for _ in range(200):
    publish_display_data({"text/plain": "x" * (1 << 20)})
for _ in range(20_000):
    kernel.session.send(kernel.iopub_socket, "display_data", {"data": {"text/plain": "x"}, "metadata": {}})
"""
SECONDS = 8
"""How long the flood may last."""


@channel(
    "flood",
    "Two hundred megabytes of output, then twenty thousand outputs: another kernel no longer answers in a second",
    direction="stop",
    closed_by="wire filter: past an execution's cap outputs are dropped, and nothing is parsed that is over a cap",
    stock="a stock server passes outputs on unparsed, and limits their rate",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    other = site.server.start_kernel()
    with site.wire() as flooded, site.wire(other) as quiet:
        quiet.run("1")
        flooded.send("execute_request", {"code": FLOOD, "silent": False})
        longest = max(_answered(flooded, quiet))
    site.server.end_kernel(other)
    return secret if longest > 1 else None


def _answered(flooded: Wire, quiet: Wire) -> list[float]:
    """In how many seconds the quiet kernel answers, again and again while the other one floods."""
    took: list[float] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        begin = time.monotonic()
        quiet.run("1", within=3)
        took.append(time.monotonic() - begin)
        pause = time.monotonic() + 0.2
        while time.monotonic() < pause:
            message = flooded.receive(0.1)
            if message is not None and message.type == "execute_reply":
                return took
    return took
