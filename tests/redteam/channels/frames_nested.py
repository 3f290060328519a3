from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target, wait_for

SEND = """
import json, os
kernel = get_ipython().kernel
message = kernel.session.msg("display_data", {}, parent=kernel.get_parent())
parts = [json.dumps(message[part], default=str).encode() for part in ("header", "parent_header", "metadata", "content")]
deep = b'{"data":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}"
wide = b'{"data":{' + b",".join(b'"%d":[[[[]]]]' % number for number in range(300_000)) + b"}}"
odd = b'{"data": {"text/plain": "\\xff\\\\ud800"}, "metadata": ' + b"9" * 100_000 + b"}"
number = b'{"data": {"text/plain": 1e999, "a": NaN}, "metadata": null}'
for hostile in (deep, wide, odd, number, b"[" * 200_000, b"null", b"", os.urandom(1 << 20)):
    for place in range(4):
        forged = list(parts)
        forged[place] = hostile
        kernel.iopub_thread.send_multipart([b"x", b"<IDS|MSG>", kernel.session.sign(forged), *forged])
"""


@channel(
    "frames-nested",
    "Signed messages whose JSON is a hundred thousand levels deep, enormous, malformed, or nothing",
    direction="stop",
    closed_by="wire filter: depth, size and count are bounded before anything is parsed",
    stock="jupyter_server passes contents on as bytes, and survives a header that it can't parse",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SEND, within=3)
    return None if wait_for(lambda: site.answers(2), within=4) else secret
