from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
kernel, text = get_ipython().kernel, base64.b64encode(secret).decode()
for kind in ("anything", "debug_event", "data_pub", "pyout", "iopub_welcome", "shutdown_reply", "x" * 10 + text):
    kernel.session.send(kernel.iopub_socket, kind, {"x": text, "data": {"text/plain": text}}, parent=kernel.get_parent())
"""


@channel(
    "output-unknown-message",
    "Messages of kinds that no protocol, or an old one, knows",
    closed_by="wire filter: message types that its table does not name are dropped",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
