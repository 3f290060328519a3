from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-font",
    "A font from outside that a style asks for",
    closed_by="wire filter: styles are rebuilt without addresses",
)
def cell(address: str) -> str:
    return f"""
from IPython.display import HTML
HTML("<style>@font-face {{ font-family: carried; src: url({address}) }}</style>"
     "<p style='font-family: carried'>x</p>")
"""
