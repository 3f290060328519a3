from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "cross-project",
    "A server of one's own by another project's name",
    direction="reach",
    closed_by="the spawner asks the registry who is a member",
    stock="a stock hub has one server a person",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    wanted = site.other.server.name or "other"
    for path in (f"/hub/api/users/{site.user}/servers/{wanted}", f"/hub/api/users/{site.user}/server"):
        if not site.server.name and path.endswith("/server"):
            continue
        answer = site.ask("POST", path, {})
        if answer.status < 300:
            return secret
    return None
