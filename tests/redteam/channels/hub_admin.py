from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

ASKED = (
    ("GET", "/hub/api/users"),
    ("GET", "/hub/api/proxy"),
    ("GET", "/hub/api/services"),
    ("GET", "/hub/api/groups"),
    ("GET", "/hub/api/users/{other}"),
    ("GET", "/hub/api/users/{other}/tokens"),
    ("POST", "/hub/api/users/{other}/tokens"),
    ("POST", "/hub/api/users/{mark}"),
    ("PATCH", "/hub/api/users/{user}"),
    ("GET", "/hub/admin"),
)


@channel(
    "hub-admin",
    "The hub's administration: list and make users, others' tokens, become an admin",
    direction="reach",
    closed_by="no account is a hub admin, and no role holds these scopes",
    stock="JupyterHub keeps these to admins",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    mark = f"u{secret.hex()[:12]}"
    for method, path in ASKED:
        place = path.format(user=site.user, other=site.other.user, mark=mark)
        body = {"admin": True} if method == "PATCH" else {} if method == "POST" else None
        answer = site.ask(method, place, body)
        seen = site.other.user in answer.body.decode(errors="replace") and method == "GET"
        if answer.status in (200, 201) and (seen or method != "GET"):
            return secret
    return None
