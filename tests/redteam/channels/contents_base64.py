from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "contents-base64",
    "A binary file from the contents API, which the server encodes",
    closed_by="policy table and contents manager: nothing is given as base64",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("contents.bin")
    return site.get("api/contents/contents.bin?type=file&format=base64").body
