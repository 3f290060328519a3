from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SHOW = """
import base64
from IPython.display import publish_display_data
text = base64.b64encode(secret).decode()
import io, struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
png = (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
       + chunk(b"IDAT", zlib.compress(bytes(2))) + chunk(b"tEXt", b"x\\0" + secret.hex().encode())
       + chunk(b"caRr", secret) + chunk(b"IEND", b"") + secret.hex().encode())
gif = (b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + b"!\\xfe\\x20" + secret + b"\\0"
       + b",\\0\\0\\0\\0\\1\\0\\1\\0\\0\\2\\2D\\1\\0;" + secret)
jpeg = b"\\xff\\xd8\\xff\\xfe" + struct.pack(">H", 34) + secret + b"\\xff\\xd9" + secret
for kind, picture in (("image/png", png), ("image/gif", gif), ("image/jpeg", jpeg), ("image/png", secret),
                      ("image/bmp", secret), ("image/webp", secret), ("image/tiff", secret)):
    publish_display_data({kind: base64.b64encode(picture).decode(), "text/plain": "x"})
"""


@channel(
    "output-false-image",
    "Pictures that carry more than they show: text chunks, comments, bytes after the end, no picture at all",
    closed_by="wire filter: images are taken apart and only what draws is kept",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    pictures = [
        base64.b64decode(value)
        for message in site.run(SHOW)
        for kind, value in message.content.get("data", {}).items()
        if kind.startswith("image/")
    ]
    return b"\n".join(pictures)
