from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

LINK = """
import os
open("/tmp/hard.bin", "wb").write(secret)
for source, name in (("/tmp/hard.bin", "hard.bin"), ("/proc/self/environ", "hard-environ.txt"),
                     ("/etc/hostname", "hard-host.txt")):
    try:
        os.link(source, name)
    except OSError as problem:
        print(problem)
if not os.path.exists("hard.bin"):
    open("first.bin", "wb").write(secret)
    os.link("first.bin", "hard.bin")
"""


@channel(
    "hard-link",
    "A hard link in the workspace to a file outside of it",
    closed_by="contents manager: what has several names on the disk is not opened",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(LINK)
    return site.get("files/hard.bin").body + site.get("api/contents/hard.bin?format=base64").body
