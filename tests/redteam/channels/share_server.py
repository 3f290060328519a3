from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "share-server",
    "A server that is shared with somebody else, who takes the file",
    direction="reach",
    closed_by="JupyterHub's scope for sharing is in no role",
    stock="JupyterHub lets nobody share a server until a role says so",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("shared.bin")
    server = f"{site.user}/{site.server.name}"
    site.ask("POST", f"/hub/api/shares/{server}", {"user": site.other.user})
    code = site.ask("POST", f"/hub/api/share-codes/{server}", {}).document.get("code", "")
    site.other.ask("GET", f"/hub/accept-share?code={code}")
    return site.other.get(f"{site.path}files/shared.bin").body
