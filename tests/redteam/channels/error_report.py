from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

FAIL = """
class Carried(Exception):
    pass
Carried.__name__ = "x" * 10 + secret.hex()
def render_traceback(self):
    return [secret.hex()]
Carried._render_traceback_ = render_traceback
raise Carried(secret.hex())
"""


@channel(
    "error-report",
    "An error whose name, value and traceback are a file of two megabytes",
    closed_by="wire filter: names, values and tracebacks are capped",
    size=2 << 20,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    return everything(site.run(FAIL))
