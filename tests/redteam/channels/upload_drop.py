from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.redteam.browsing import open_lab, settled
from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "upload-drop",
    "A file dragged from the person's desktop into the file browser",
    direction="in",
    closed_by="JupyterLab extension: no dropping of files; policy table: nothing in base64",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.window.do(lambda page: open_lab(page, f"{site.url}{site.path}lab"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "dropped.bin")
        file.write_bytes(secret)

        def drop(page: Page) -> None:
            box = page.locator(".jp-DirListing-content").bounding_box()
            assert box
            place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
            data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
            # Only the browser itself can make a drag that carries a file.
            browser = page.context.new_cdp_session(page)
            for kind in ("dragEnter", "dragOver", "drop"):
                browser.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})
            settled(page, 1)

        site.window.do(drop)
    return site.inside("dropped.bin")
