from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
publish_display_data({"text/plain": text})
publish_display_data({"text/html": f"<pre>{text}</pre>", "text/plain": "x"})
print(text)
"""


@channel(
    "output-huge-text",
    "A file of three megabytes as one text, in three ways",
    closed_by="wire filter: sizes are capped by value, message, cell and execution",
    size=3 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
