from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-file",
    "A page of the workspace that a link opens, which loads from outside",
    closed_by="raw files are denied",
)
def cell(address: str) -> str:
    page = f"<img src='{address}'><script>fetch('{address}')</script>"
    return (
        f"open('opened.html', 'w').write({page!r})\n"
        "from IPython.display import HTML\n"
        'HTML(\'<a href="opened.html" target="_blank">x</a>\')'
    )
