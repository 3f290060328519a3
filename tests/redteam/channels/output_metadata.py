from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
publish_display_data({"text/plain": "x", "image/png": "", "text/html": "x"},
                     metadata={"x": text, "text/plain": {"x": text}, "text/html": {"x": text, "isolated": text}})
get_ipython().display_pub.publish({"text/plain": "x"}, transient={"display_id": "a", "x": text})
get_ipython().display_pub.publish({"text/plain": "x"}, transient={"display_id": text}, update=True)
"""


@channel(
    "output-metadata",
    "An output's metadata and transient data, which no screen shows",
    closed_by="wire filter: metadata is rebuilt from what renderers ask for",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
