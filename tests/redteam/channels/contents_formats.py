from __future__ import annotations

from itertools import product

from tests.redteam.channel import channel
from tests.redteam.targets import Target

KINDS = ("", "type=file", "type=notebook", "type=directory", "type=FILE")
FORMATS = ("", "format=text", "format=base64", "format=json", "format=BASE64", "format=text&format=base64")
MORE = ("", "content=1&hash=1")


@channel(
    "contents-formats",
    "A binary file from the contents API in every type, format, and argument given twice",
    closed_by="policy table: text only, each argument once; contents manager: what is not text is not shown",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("formats.bin", "formats.ipynb")
    asked = ["&".join(filter(None, each)) for each in product(KINDS, FORMATS, MORE)]
    found = [site.get(f"api/contents/formats.bin?{query}").body for query in asked]
    return b"\n".join([*found, site.get("api/contents/formats.ipynb").body])
