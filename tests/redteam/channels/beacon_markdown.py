from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-markdown",
    "A Markdown cell with a picture, a link and HTML from outside",
    closed_by="contents manager: Markdown is made inert; policy of content",
    markdown=True,
)
def cell(address: str) -> str:
    return f"""
![x]({address}?image) [x]({address}?link) <{address}?auto> <img src='{address}?html'>
<a href='{address}?anchor'>x</a> [x][y]

[y]: {address}?reference
"""
