from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel("files-raw", "A file at its raw address", closed_by="policy table: raw files are denied")
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("raw.bin")
    return site.get("files/raw.bin").body
