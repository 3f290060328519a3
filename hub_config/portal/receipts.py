"""Receipts for files that a desk brought: only who brought a file can name it in a request.

Content is kept under its digest and shared by all projects, so a digest alone must open nothing.
"""

from __future__ import annotations

import hashlib
import hmac

from hub_config.portal.desk_identity import DeskId


class Receipts:
    """Makes and checks receipts; ``secret`` is the portal's own."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"carrel release receipts", hashlib.sha256)

    def make(self, desk: DeskId, sha256: str, size: int) -> str:
        """The receipt for content that ``desk`` brought."""
        said = "\0".join((desk.user, desk.project, sha256, str(size))).encode()
        return hmac.new(self._key, said, hashlib.sha256).hexdigest()

    def holds(self, receipt: object, desk: DeskId, sha256: str, size: int) -> bool:
        """Whether ``desk`` has ``receipt`` for this content."""
        made = self.make(desk, sha256, size).encode()
        return isinstance(receipt, str) and hmac.compare_digest(receipt.encode(errors="replace"), made)
