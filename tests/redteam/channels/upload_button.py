from __future__ import annotations

from playwright.sync_api import Error, Page

from tests.redteam.browsing import open_lab, settled
from tests.redteam.channel import channel
from tests.redteam.targets import Target


@channel(
    "upload-button",
    "A file chosen in the file browser's upload dialog, or by any file field of the page",
    direction="in",
    closed_by="JupyterLab extension and settings: no upload button; policy table: nothing in base64",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.window.do(lambda page: open_lab(page, f"{site.url}{site.path}lab"))
    file = {"name": "chosen.bin", "mimeType": "application/octet-stream", "buffer": secret}

    def choose(page: Page) -> None:
        try:
            with page.expect_file_chooser(timeout=1500) as chooser:
                page.locator("[data-jp-item-name=uploader] jp-button, [title^=Upload]").first.click(
                    timeout=1000
                )
            chooser.value.set_files([file])  # type: ignore[list-item]
        except Error:
            for field in page.locator("input[type=file]").all():
                field.set_input_files([file])  # type: ignore[list-item]
        settled(page, 1)

    site.window.do(choose)
    return site.inside("chosen.bin")
