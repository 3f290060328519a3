from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "contents-copy-rename",
    "A binary file that is copied, renamed and moved by the contents API to what is served otherwise",
    closed_by="contents manager: what is not text is not shown, whatever its name is",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("copied.bin", "renamed.bin")
    copy = site.ask("POST", "api/contents/", {"copy_from": "copied.bin"}).document.get("path")
    site.ask("PATCH", "api/contents/renamed.bin", {"path": "renamed.html"})
    names = (copy or "copied-Copy1.bin", "renamed.html")
    return b"\n".join(
        site.get(f"api/contents/{name}").body + site.get(f"files/{name}").body for name in names
    )
