from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-image",
    "An image from outside in HTML, and as a background",
    closed_by="wire filter: HTML is sanitised; policy of content: nothing from outside",
)
def cell(address: str) -> str:
    return f"""
from IPython.display import HTML
HTML("<img src='{address}'><img srcset='{address}?set 2x'><table background='{address}?table'></table>")
"""
