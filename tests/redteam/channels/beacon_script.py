from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-script",
    "A script in an output that fetches, sends a beacon, opens a socket",
    closed_by="wire filter: no scripts; policy of content",
)
def cell(address: str) -> str:
    script = (
        f"fetch('{address}?fetch'); navigator.sendBeacon('{address}?beacon');"
        f"new WebSocket('{address}?socket'.replace('http', 'ws')); new Image().src = '{address}?image';"
    )
    html = f'<script>{script}</script><img src="data:," onerror="fetch(&quot;{address}?onerror&quot;)">'
    return f"from IPython.display import HTML, Javascript\ndisplay(Javascript({script!r}))\ndisplay(HTML({html!r}))"
