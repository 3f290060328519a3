from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SET = """
import base64
class Carried:
    def _repr_mimebundle_(self, **_):
        text = base64.b64encode(secret).decode()
        bundle = {"application/octet-stream": text, "text/html": f"<a href='data:x;base64,{text}'>x</a>"}
        return {**bundle, "text/plain": "x"}, {"x": text}
carried = Carried()
"""


@channel(
    "reply-expressions",
    "Expressions that are evaluated along with a cell, their values of any media type",
    closed_by="wire filter: the values pass the table of media types",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SET)
    with site.wire() as wire:
        return everything(wire.run("", user_expressions={"a": "carried", "b": "secret"}))
