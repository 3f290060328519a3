from __future__ import annotations

from playwright.sync_api import Page

from tests.redteam.channel import channel
from tests.redteam.gallery import show
from tests.redteam.targets import Target


@channel(
    "copy-out",
    "Twenty kilobytes of an output selected and copied to the clipboard",
    closed_by="JupyterLab extension: only a short selection of an output is copied",
    size=10_000,
)
def attack(site: Target, secret: bytes) -> bytes | None:
    show(site, "print(open('copied.txt').read())", before="open('copied.txt', 'w').write(secret.hex());")

    site.window.clipboard("nothing")

    def copy(page: Page) -> None:
        page.locator(".jp-OutputArea-output").first.click(click_count=3)
        page.keyboard.press("Control+c")

    site.window.do(copy)
    return site.window.clipboard().encode()
