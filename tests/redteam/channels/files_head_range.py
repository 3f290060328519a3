from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "files-head-range",
    "A raw file in ranges of a few bytes, its size and digest by HEAD",
    closed_by="policy table: denied whatever the method or the range",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("range.bin")
    size = int(site.ask("HEAD", "files/range.bin").headers.get("Content-Length", 0))
    pieces = [
        site.get("files/range.bin", Range=f"bytes={start}-{start + 7}")
        for start in range(0, min(size, 64), 8)
    ]
    return b"".join(piece.body for piece in pieces if piece.status == 206)
