from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "download-link",
    "A data link in an output that a person clicks: a file in the browser's downloads",
    closed_by="wire filter: no data: addresses, no download attribute",
)
def cell(address: str) -> str:
    secret = address.rpartition("/")[2]
    return f"""
import base64
from IPython.display import HTML
text = base64.b64encode(bytes.fromhex("{secret}")).decode()
HTML(f"<a download='x.bin' href='data:application/octet-stream;base64,{{text}}'>x</a>")
"""
