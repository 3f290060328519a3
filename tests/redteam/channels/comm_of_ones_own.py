from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from comm import create_comm
text = base64.b64encode(secret).decode()
comm = create_comm(target_name="carried", data={"x": text}, metadata={"x": text}, buffers=[secret])
comm.send(data={"x": text}, metadata={"x": text}, buffers=[secret])
comm.close(data={"x": text})
"""


@channel(
    "comm-of-ones-own",
    "A comm with a target of the attacker's own, which carries anything",
    closed_by="wire filter: comms of the core widgets only",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
