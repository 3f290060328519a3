"""Checkpoints in the desk's home, where the engine sees none of them.

In the workspace an engine could read, swap and delete them; in the home they are safe from it, and
a folder moved or deleted by the engine leaves them behind, which the total size bounds. What is in one
was in the workspace once: it is given back to the workspace, byte for byte, and never to a browser.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.services.contents.checkpoints import AsyncCheckpoints
from traitlets import Integer, Unicode, default

from export_guard.contents.checkpoint_store import CheckpointStore, Stored
from export_guard.contents.problems import Refused

if TYPE_CHECKING:
    from export_guard.contents.manager import GuardedContentsManager

MIB = 1 << 20


class DeskCheckpoints(AsyncCheckpoints):
    """Jupyter's checkpoints over one `CheckpointStore`."""

    folder = Unicode(config=True, help="Where checkpoints are kept; the engine must not see it.")
    per_file = Integer(3, min=1, config=True, help="Checkpoints kept of one file.")
    files = Integer(500, min=1, config=True, help="Files of which checkpoints are kept.")
    total_bytes = Integer(
        256 * MIB, min=1, config=True, help="Size of all checkpoints together, in bytes; the oldest go first."
    )
    file_bytes = Integer(16 * MIB, min=1, config=True, help="Largest file that has checkpoints, in bytes.")

    @default("folder")
    def _default_folder(self) -> str:
        return str(Path.home() / "checkpoints")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.store = CheckpointStore(
            Path(self.folder), per_file=self.per_file, files=self.files, total_bytes=self.total_bytes
        )

    async def create_checkpoint(self, contents_mgr: GuardedContentsManager, path: str) -> dict[str, Any]:
        """Keep what the file holds now. Raises HTTPError."""
        return await contents_mgr.asked(self.create, contents_mgr, path)

    def create(self, contents_mgr: GuardedContentsManager, path: str) -> dict[str, Any]:
        """As `create_checkpoint`, in this thread. Raises `Refused`."""
        data, entry = contents_mgr.workspace.read(path, self.file_bytes + 1)
        if len(data) > self.file_bytes:
            raise Refused("too-large-copied", entry.name, limit=self.file_bytes)
        return _model(self.store.add(path.strip("/"), data))

    async def restore_checkpoint(
        self, contents_mgr: GuardedContentsManager, checkpoint_id: str, path: str
    ) -> None:
        """Put a checkpoint back in the file's place. Raises HTTPError."""
        await contents_mgr.asked(self.restore, contents_mgr, checkpoint_id, path)

    def restore(self, contents_mgr: GuardedContentsManager, checkpoint_id: str, path: str) -> None:
        """As `restore_checkpoint`, in this thread. Raises `Refused`."""
        contents_mgr.check_writable(path)
        contents_mgr.workspace.write(path, self.store.data(path.strip("/"), checkpoint_id))

    async def list_checkpoints(self, path: str) -> list[dict[str, Any]]:
        """The checkpoints of a file, oldest first."""
        return [_model(stored) for stored in await asyncio.to_thread(self.store.kept, path.strip("/"))]

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Forget one checkpoint. Raises HTTPError."""
        parent: Any = self.parent
        await parent.asked(self.store.delete, path.strip("/"), checkpoint_id)

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        """Part of Jupyter's interface; checkpoints move all together."""
        await self.rename_all_checkpoints(old_path, new_path)

    async def rename_all_checkpoints(self, old_path: str, new_path: str) -> None:
        """Follow a file, or everything in a folder, to its new name."""
        await asyncio.to_thread(self.store.rename, old_path.strip("/"), new_path.strip("/"))

    async def delete_all_checkpoints(self, path: str) -> None:
        """Forget the checkpoints of a file, or of everything in a folder."""
        await asyncio.to_thread(self.store.forget, path.strip("/"))


def _model(stored: Stored) -> dict[str, Any]:
    return {"id": stored.id, "last_modified": datetime.fromtimestamp(stored.made, UTC)}
