"""``/carrel/api/preview?path=…``: an image of the workspace, written anew, for an ``<img>`` and nothing else.

JupyterLab's own viewer wants the file itself in base64, which the policy refuses. The desk's extension
shows this address in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from export_guard import pictures
from export_guard.contents.problems import Refused

if TYPE_CHECKING:
    from export_guard.contents.manager import GuardedContentsManager

PATTERN = r"/carrel/api/preview"


def preview_rule() -> tuple[str, type[PreviewHandler]]:
    """The rule, without the base URL."""
    return PATTERN, PreviewHandler


class PreviewHandler(APIHandler):
    """Shows an image up to a size. A browser gets it for an image on one of the desk's own pages only."""

    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer with a PNG or JPEG. Raises HTTPError."""
        # Browsers send these where they can; they keep the address from being opened, fetched or saved
        # as a file of its own. A script outside a browser sees what a person would see.
        manager: GuardedContentsManager = self.contents_manager  # type: ignore[assignment]
        for header, wanted in (("Sec-Fetch-Dest", "image"), ("Sec-Fetch-Site", "same-origin")):
            if self.request.headers.get(header, wanted) != wanted:
                raise manager.error(Refused("preview-only"))
        path = self.get_query_argument("path", strip=False)
        image = await manager.asked(preview, manager, path)
        self.set_header("Content-Disposition", "inline")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.finish(image.data, set_content_type=image.media_type)


def preview(manager: GuardedContentsManager, path: str) -> pictures.Picture:
    """The preview of the image at ``path``. Raises `Refused`."""
    manager.afford()
    data, entry = manager.workspace.read(path, manager.image_bytes + 1)
    if len(data) > manager.image_bytes:
        raise Refused("too-large-image", entry.name, limit=manager.image_bytes)
    try:
        image = pictures.rewritten(data, pixels=manager.image_pixels)
    except pictures.NotAPicture:
        raise Refused("not-image", entry.name) from None
    manager.count(len(image.data))
    return image
