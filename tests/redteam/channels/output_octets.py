from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
for kind in ("application/octet-stream", "application/x-anything", "application/zip", "audio/wav", "video/mp4",
             "application/vnd.jupyterlab.x+json", "text/csv", "application/geo+json", "text/vnd.mermaid"):
    publish_display_data({kind: text, "text/plain": "x"})
"""


@channel(
    "output-octets",
    "Outputs of media types that carry any bytes: octet streams, archives, sound, the attacker's own",
    closed_by="wire filter: media types that its table does not name are withheld",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
