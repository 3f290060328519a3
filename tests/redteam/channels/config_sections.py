from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WRITE = """
import base64, json, os
from jupyter_core.paths import jupyter_config_dir
for folder in ("nbconfig", "serverconfig", "labconfig"):
    os.makedirs(os.path.join(jupyter_config_dir(), folder), exist_ok=True)
    made = {"x": base64.b64encode(secret).decode()}
    json.dump(made, open(os.path.join(jupyter_config_dir(), folder, "carried.json"), "w"))
"""


@channel(
    "config-sections",
    "A section of the frontend's configuration, written by a kernel",
    closed_by="the desk's home is not the engine's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("api/config/carried").body
