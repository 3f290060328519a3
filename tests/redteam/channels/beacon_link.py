from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-link",
    "A link in HTML that a person clicks, its ping",
    closed_by="wire filter: links lead nowhere outside",
)
def cell(address: str) -> str:
    return f"""
from IPython.display import HTML
HTML("<a href='{address}?link' ping='{address}?ping' target='_blank'>x</a>")
"""
