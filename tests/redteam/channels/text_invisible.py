from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SHOW = """
text = secret.hex()
print("tags " + "".join(chr(0xE0000 + ord(letter)) for letter in text))
print("selectors " + "".join(chr(0xFE00 + int(letter, 16)) for letter in text))
print("zeros " + "".join("\\u200b\\u200c"[int(bit)] for bit in f"{int(text, 16):0256b}"))
"""
SELECTORS = range(0xFE00, 0xFE10)


@channel(
    "text-invisible",
    "Text in characters that have no glyph: tags, variation selectors, zero widths",
    closed_by="wire filter: characters without a glyph are taken out of text",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    shown = "".join(m.content.get("text", "") for m in site.run(SHOW) if m.type == "stream")
    tags = "".join(chr(ord(each) - 0xE0000) for each in shown if 0xE0020 <= ord(each) < 0xE007F)
    selected = "".join(f"{ord(each) - 0xFE00:x}" for each in shown if ord(each) in SELECTORS)
    bits = "".join(str("\u200b\u200c".index(each)) for each in shown if each in "\u200b\u200c")
    zeros = f"{int(bits or '0', 2):064x}"
    return " ".join((tags, selected, zeros)).encode()
