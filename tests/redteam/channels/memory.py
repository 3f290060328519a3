from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

FILL = """
import subprocess, sys
code = "held = bytearray(1536 << 20); held[::4096] = b'x' * len(held[::4096]); print('all of it')"
print(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout)
"""


@channel(
    "memory",
    "More memory than the project has: a gigabyte and a half in one process",
    direction="stop",
    closed_by="an engine's limit of memory, and none of it the desk's",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return secret if "all of it" in site.said(FILL, 20) or not site.answers() else None
