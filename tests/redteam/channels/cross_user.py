from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "cross-user",
    "Another person's server: pages, files, contents, kernels, start and stop",
    direction="reach",
    closed_by="the hub's scopes: everybody their own desks",
    stock="JupyterHub gives a server to its owner alone",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    other = site.other
    other.run(f"open('others.txt', 'w').write({secret.hex()!r});")
    for path in ("lab", "files/others.txt", "api/contents/others.txt", "api/kernels"):
        answer = site.ask("GET", other.path + path)
        if answer.status == 200 and path != "lab":
            return answer.body
    for method, body in (("POST", {}), ("DELETE", None)):
        if site.ask(method, f"/hub/api/users/{other.user}/server", body).status < 300:
            return secret
    return None
