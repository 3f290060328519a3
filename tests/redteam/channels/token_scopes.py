from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

WANTED = (["admin:users"], ["access:servers"], ["admin:servers"], ["shares"], ["tokens"], ["admin-ui"])


@channel(
    "token-scopes",
    "A token with more than its owner may do: others' servers, users, tokens",
    direction="reach",
    closed_by="JupyterHub gives no scope that its owner has not; people may not make tokens",
    stock="JupyterHub gives no scope that its owner has not",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.other.run(f"open('wider.bin', 'wb').write(bytes.fromhex({secret.hex()!r}));")
    got = b""
    for scopes in WANTED:
        for body in ({"scopes": scopes}, {"roles": ["admin"]}):
            token = site.token(**body)
            got += site.fetch_with(token, f"{site.other.path}files/wider.bin") or b""
    return got
