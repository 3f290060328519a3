from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SEND = """
import json
kernel = get_ipython().kernel
message = kernel.session.msg("stream", {"name": "stdout", "text": secret.hex()}, parent=kernel.get_parent())
parts = [json.dumps(message[part], default=str).encode() for part in ("header", "parent_header", "metadata", "content")]
for signature in (b"", b"0" * 64, b"x" * 10000):
    kernel.iopub_thread.send_multipart([b"stream", b"<IDS|MSG>", signature, *parts])
kernel.iopub_thread.send_multipart([b"stream", secret.hex().encode(), b"<IDS|MSG>"])
kernel.iopub_thread.send_multipart([secret.hex().encode()])
"""


@channel(
    "frames-unsigned",
    "Messages of a kernel without a signature, with a wrong one, and frames that are no message",
    closed_by="wire filter: signatures are checked, what is malformed is dropped",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SEND, within=3))
