from __future__ import annotations

import base64

from playwright.sync_api import Page

from tests.redteam.browsing import run_all
from tests.redteam.channel import channel
from tests.redteam.gallery import show
from tests.redteam.targets import Target

SIZE = 60_000


@channel(
    "paste-in",
    "Sixty kilobytes pasted into a cell from the clipboard, and run",
    direction="in",
    closed_by="JupyterLab extension: a paste is as long as a person types",
    size=SIZE,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    show(site, "x = 1")
    text = f"import base64; open('pasted.bin', 'wb').write(base64.b64decode('{base64.b64encode(secret).decode()}'));"

    site.window.clipboard(text)

    def paste(page: Page) -> None:
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Control+a")
        page.keyboard.press("Control+v")
        run_all(page)

    site.window.do(paste)
    return site.inside("pasted.bin")
