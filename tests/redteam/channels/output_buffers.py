from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
kernel = get_ipython().kernel
for kind, content in (("display_data", {"data": {"text/plain": "x"}, "metadata": {}, "transient": {}}),
                      ("stream", {"name": "stdout", "text": "x"}), ("clear_output", {"wait": True})):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent(), buffers=[secret])
"""


@channel(
    "output-buffers",
    "Binary buffers behind ordinary messages",
    closed_by="wire filter: buffers pass with the core widgets' own messages only",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
