from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
kernel, text = get_ipython().kernel, base64.b64encode(secret).decode()
parent = kernel.get_parent()
wider = {"header": {**parent["header"], "x": text, "username": text}, "msg_id": parent["header"]["msg_id"]}
shown = {"data": {"text/plain": "x"}, "metadata": {}}
send, socket = kernel.session.send, kernel.iopub_socket
send(socket, "display_data", {**shown, "x": text}, parent=parent)
send(socket, "display_data", shown, parent=wider)
send(socket, "display_data", shown, parent=parent, metadata={"x": text})
send(socket, "display_data", shown, parent=parent, header={"x": text, "username": text, "version": text})
send(socket, "status", {"execution_state": "busy", "x": text}, parent=parent)
send(socket, "status", {"execution_state": text}, parent=parent)
send(socket, "stream", {"name": text, "text": "x"}, parent=parent)
send(socket, "clear_output", {"wait": text}, parent=parent)
send(socket, "execute_input", {"code": "x", "execution_count": text}, parent=parent)
"""


@channel(
    "output-envelope",
    "Fields of a message that no screen shows: headers, parents, metadata, unknown fields, wrong types",
    closed_by="wire filter: every message is rebuilt field by field",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
