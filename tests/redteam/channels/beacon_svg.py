from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-svg",
    "An SVG that loads pictures and runs a script",
    closed_by="wire filter: SVG is rebuilt from what draws; policy of content",
)
def cell(address: str) -> str:
    svg = (
        "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='9' height='9'>"
        f"<image href='{address}?image' xlink:href='{address}?xlink' width='9' height='9'/>"
        f"<style>@import '{address}?style';</style><use href='{address}?use#x'/>"
        f"<script>fetch('{address}?script')</script><rect width='9' height='9' fill='url({address}?fill#x)'/></svg>"
    )
    return f"from IPython.display import SVG, HTML\ndisplay(SVG({svg!r}))\ndisplay(HTML({svg!r}))"
