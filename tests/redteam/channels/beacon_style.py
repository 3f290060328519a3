from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-style",
    "A style sheet from outside, an import in one, and addresses in styles",
    closed_by="wire filter: styles are rebuilt without addresses",
)
def cell(address: str) -> str:
    return f"""
from IPython.display import HTML
HTML("<style>@import '{address}?import'; .carried {{ background: url({address}?url) }}</style>"
     "<link rel='stylesheet' href='{address}?link'><p class='carried' style='list-style: url({address}?own)'>x</p>")
"""
