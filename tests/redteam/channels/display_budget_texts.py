from __future__ import annotations

import base64

from tests.redteam.channel import channel
from tests.redteam.targets import Target

PART = 1 << 20
WRITE = """
import base64
text = base64.b64encode(secret).decode()
for number, start in enumerate(range(0, len(text), {part})):
    open(f"texts-{{number}}.txt", "w").write(text[start:start + {part}])
"""
CLEAR = """
import glob, os
for path in glob.glob("texts-*.txt"):
    os.remove(path)
"""


@channel(
    "display-budget-texts",
    "The same twelve megabytes as text files, each of a size that is shown",
    closed_by="display budget: past it texts are withheld",
    size=12 << 20,
    stage=3,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE.format(part=PART))
    parts = -(-len(secret) * 4 // 3 // PART)
    got = [
        site.get(f"api/contents/texts-{number}.txt?type=file&format=text").document for number in range(parts)
    ]
    site.run(CLEAR)
    try:
        return base64.b64decode("".join(each.get("content") or "" for each in got))
    except ValueError:
        return None
