from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

ASKED = ("?download=1", "?download", "?Download=1", "?_xsrf=&download=true")


@channel(
    "files-download",
    "A file, and a text, as a download: the download argument in its forms",
    closed_by="policy table: raw files are denied, and a download argument on any route",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("download.bin", "download.txt")
    places = (
        "files/download.bin",
        "files/download.txt",
        "api/contents/download.txt",
        "lab/tree/download.txt",
    )
    return b"\n".join(site.get(place + asked).body for place in places for asked in ASKED)
