from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
address = "data:application/octet-stream;base64," + text
publish_display_data({"text/html": f"<a download='x.bin' href='{address}'>x</a><img src='{address}'>"
                      f"<form action='{address}'><button formaction='{address}'>x</button></form>"
                      f"<object data='{address}'></object><embed src='{address}'><iframe src='{address}'></iframe>"
                      f"<video src='{address}'></video><svg><a xlink:href='{address}'>x</a></svg>"})
"""


@channel(
    "output-html-link",
    "An output in HTML with a data link to download, and the same address in everything that takes one",
    closed_by="wire filter: HTML is sanitised, data: addresses are of checked images only",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(SHOW))
