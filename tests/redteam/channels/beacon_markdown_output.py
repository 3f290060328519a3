from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-markdown-output",
    "An output in Markdown with a picture, a link and HTML from outside",
    closed_by="wire filter: Markdown is made inert",
)
def cell(address: str) -> str:
    text = f"![x]({address}?image) [x]({address}?link) <img src='{address}?html'>"
    return f"from IPython.display import Markdown\nMarkdown({text!r})"
