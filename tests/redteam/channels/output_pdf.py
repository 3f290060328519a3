from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
pdf = b"%PDF-1.4\\n1 0 obj<</Type/Catalog/X(" + secret.hex().encode() + b")>>endobj trailer<</Root 1 0 R>>"
publish_display_data({"application/pdf": base64.b64encode(pdf).decode(), "text/plain": "x"})
"""


@channel("output-pdf", "An output in PDF", closed_by="wire filter: the media type is not in its table")
def attack(site: Target, secret: bytes) -> bytes | None:
    for message in site.run(SHOW):
        if carried := message.content.get("data", {}).get("application/pdf"):
            return base64.b64decode(carried)
    return None
