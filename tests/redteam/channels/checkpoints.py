from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "checkpoints",
    "A binary file by its checkpoints: made, listed, read where the server keeps them, and restored",
    closed_by="contents manager: checkpoints are out of reach, and restored files are shown like any other",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("kept.bin")
    made = site.ask("POST", "api/contents/kept.bin/checkpoints").document
    name = made.get("id") or "checkpoint"
    found = [site.get("api/contents/kept.bin/checkpoints").body]
    found.append(site.get("api/contents/.ipynb_checkpoints/kept-checkpoint.bin").body)
    found.append(site.get("files/.ipynb_checkpoints/kept-checkpoint.bin").body)
    site.run("open('kept.bin', 'w').write('nothing');")
    site.ask("POST", f"api/contents/kept.bin/checkpoints/{name}")
    found.append(site.get("api/contents/kept.bin").body)
    return b"\n".join(found)
