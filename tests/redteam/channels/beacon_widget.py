from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-widget",
    "Widgets that show HTML, and pictures by their address",
    closed_by="wire filter: HTML in widgets is sanitised; pictures are bytes",
)
def cell(address: str) -> str:
    return f"""
import ipywidgets
display(ipywidgets.HTML("<img src='{address}?html'><script>fetch('{address}?script')</script>"))
display(ipywidgets.Image(value=b"{address}?image", format="url"))
display(ipywidgets.Button(description="x", tooltip="x", icon="x", style=dict(button_color="url({address}?style)")))
"""
