from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SET = """
import base64
text = base64.b64encode(secret).decode()
payloads = get_ipython().payload_manager
payloads.write_payload({"source": "page", "start": 0, "x": text,
                        "data": {"application/octet-stream": text, "text/html": f"<!-- {text} -->"}})
payloads.write_payload({"source": "edit_magic", "filename": text, "line_number": 1}, single=False)
payloads.write_payload({"source": "x" + text, "data": text}, single=False)
payloads.write_payload({"source": "ask_exit_not", "keepkernel": text}, single=False)
"""


@channel(
    "reply-payloads",
    "Payloads of an execution's reply: pages, files to edit, kinds of the attacker's own",
    closed_by="wire filter: payloads are rebuilt; those it does not know are dropped",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    with site.wire() as wire:
        return everything(wire.run(SET))
