from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "download-script",
    "A script in an output that makes a file of a blob and saves it",
    closed_by="wire filter: no scripts; policy of content",
)
def cell(address: str) -> str:
    script = (
        "var link = document.createElement('a'); link.download = 'x.bin';"
        f"link.href = URL.createObjectURL(new Blob(['{address.rpartition('/')[2]}'])); link.click();"
    )
    return f"from IPython.display import Javascript\nJavascript({script!r})"
