from __future__ import annotations

from tests.redteam.channel import beacon

KINDS = ("prefetch", "preload' as='image", "modulepreload", "icon", "manifest", "dns-prefetch", "preconnect")


@beacon(
    "beacon-prefetch",
    "Links that a browser follows by itself: prefetch, preload, preconnect, icon, manifest",
    closed_by="wire filter: HTML is sanitised; policy of content: nothing from outside",
)
def cell(address: str) -> str:
    links = "".join(f"<link rel='{kind}' href='{address}?{kind[:4]}'>" for kind in KINDS)
    return f"from IPython.display import HTML\nHTML({links!r})"
