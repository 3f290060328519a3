from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
publish_display_data({"application/javascript": f"window.carried = '{text}'", "text/plain": "x"})
publish_display_data({"text/html": f"<script>window.carried = '{text}'</script>", "text/plain": "x"})
"""


@channel(
    "output-javascript",
    "An output that is a script, with it as its data",
    closed_by="wire filter: no media type that runs",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
