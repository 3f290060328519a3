from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

OPEN = """
import base64
def opened(comm, message):
    def take(got):
        held = got["content"]["data"].get("x", "")
        data = b"".join(bytes(each) for each in got["buffers"]) or base64.b64decode(held)
        open("comm.bin", "wb").write(data)
    comm.on_msg(take)
    take(message)
get_ipython().kernel.comm_manager.register_target("carried", opened)
import ipywidgets
upload = ipywidgets.FileUpload()
upload.observe(lambda change: open("upload.bin", "wb").write(bytes(change["new"][0]["content"])), "value")
print(upload.comm.comm_id)
"""


@channel(
    "comm-in",
    "A file in a comm's buffers, in its data, and by the widget for uploads",
    direction="in",
    closed_by="wire filter: no binary data from a browser, no comm of one's own, no upload widget",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    upload = site.said(OPEN)
    opened = {
        "comm_id": "carried",
        "target_name": "carried",
        "data": {"x": base64.b64encode(secret).decode()},
    }
    value = {"name": "x", "type": "", "size": len(secret), "last_modified": 0}
    update = {"method": "update", "state": {"value": [value]}, "buffer_paths": [["value", 0, "content"]]}
    with site.wire() as wire:
        wire.send("comm_open", opened, buffers=(secret,))
        wire.send("comm_open", opened)
        wire.send("comm_msg", {"comm_id": upload, "data": update}, buffers=(secret,))
        wire.run("")
    return (site.inside("comm.bin") or b"") + (site.inside("upload.bin") or b"")
