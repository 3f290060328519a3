from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "api-token",
    "An API token of the person's, used from elsewhere by a program",
    closed_by="a hub that gives no tokens; raw files are denied to a token, too",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("token.bin")
    token = site.token()
    got = site.fetch_with(token, "files/token.bin") or b""
    return got + (site.fetch_with(token, "api/contents/token.bin?format=base64") or b"")
