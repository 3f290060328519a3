from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

LINK = """
import os
open("/tmp/linked.bin", "wb").write(secret)
for name in ("linked.bin", "linked.ipynb", "linked.png"):
    if not os.path.lexists(name):
        os.symlink("/tmp/linked.bin", name)
"""


@channel(
    "symlink-file",
    "A symbolic link in the workspace to a file outside of it",
    closed_by="contents manager: paths are walked without following links",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(LINK)
    found = [site.get("files/linked.bin").body, site.get("api/contents/linked.bin?format=base64").body]
    found += [site.get(f"api/contents/linked.{kind}").body for kind in ("bin", "ipynb", "png")]
    return b"\n".join(found)
