"""A bounded store of earlier contents of files, in a folder that only the desk can write.

One folder a file, named by the digest of its path, since a path can be longer than a name may be. In
it ``path`` holds the path and each other file is one checkpoint, named by the time it was made.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from export_guard.contents.problems import Refused

_ID = re.compile(r"[0-9a-f]{16}")
_PATH = "path"


@dataclass(frozen=True)
class Stored:
    """One checkpoint; ``made`` in seconds since 1970, ``size`` in bytes."""

    id: str
    made: float
    size: int
    file: Path


class CheckpointStore:
    """May be used from any thread."""

    def __init__(self, folder: Path, *, per_file: int, files: int, total_bytes: int) -> None:
        self.folder = folder
        self.per_file = per_file
        self.files = files
        self.total_bytes = total_bytes
        self._lock = threading.RLock()

    def add(self, path: str, data: bytes) -> Stored:
        """Keep ``data`` as the newest checkpoint; the oldest of the file and of all make room."""
        with self._lock:
            place = self._place(path)
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            (place / _PATH).write_text(path, encoding="utf-8")
            last = max((int(stored.id, 16) for stored in self.kept(path)), default=0)
            # Later than the last one even when the clock was set back.
            file = place / f"{max(time.time_ns(), last + 1):016x}"
            temporary = place / "unfinished"
            temporary.write_bytes(data)
            temporary.rename(file)
            for old in self.kept(path)[: -self.per_file]:
                old.file.unlink()
            self._make_room()
            return self._stored(file)

    def kept(self, path: str) -> list[Stored]:
        """The checkpoints of a file, oldest first."""
        with self._lock:
            return self._in(self._place(path))

    def data(self, path: str, checkpoint: str) -> bytes:
        """What a checkpoint holds. Raises `Refused`."""
        with self._lock:
            return self._find(path, checkpoint).file.read_bytes()

    def delete(self, path: str, checkpoint: str) -> None:
        """Forget one. Raises `Refused`."""
        with self._lock:
            self._find(path, checkpoint).file.unlink()
            if not self.kept(path):
                shutil.rmtree(self._place(path))

    def forget(self, path: str) -> None:
        """Forget all checkpoints of a file, or of every file in the folder ``path``."""
        with self._lock:
            for _, place in self._at_or_in(path):
                shutil.rmtree(place)

    def rename(self, old: str, new: str) -> None:
        """Move all checkpoints of a file, or of every file in the folder ``old``.

        What is kept under the new path belongs to a file that is gone: it is forgotten.
        """
        with self._lock:
            for path, place in self._at_or_in(old):
                moved = new + path[len(old) :]
                target = self._place(moved)
                if target.exists():
                    shutil.rmtree(target)
                place.rename(target)
                (target / _PATH).write_text(moved, encoding="utf-8")

    def _make_room(self) -> None:
        """Forget the oldest until both bounds hold; the newest checkpoint always stays."""
        left = {place: self._in(place) for place in self._places()}
        by_age = sorted((stored for listed in left.values() for stored in listed), key=lambda each: each.id)
        total = sum(stored.size for stored in by_age)
        for stored in by_age[:-1]:
            if total <= self.total_bytes and len(left) <= self.files:
                break
            place = stored.file.parent
            stored.file.unlink()
            total -= stored.size
            left[place].remove(stored)
            if not left[place]:
                del left[place]
                shutil.rmtree(place)

    def _find(self, path: str, checkpoint: str) -> Stored:
        if _ID.fullmatch(checkpoint):
            for stored in self.kept(path):
                if stored.id == checkpoint:
                    return stored
        raise Refused("no-checkpoint")

    def _place(self, path: str) -> Path:
        return self.folder / hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()

    def _places(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []

    def _at_or_in(self, path: str) -> list[tuple[str, Path]]:
        found = []
        for place in self._places():
            try:
                kept = (place / _PATH).read_text(encoding="utf-8")
            except OSError:
                continue
            if kept == path or kept.startswith(f"{path}/"):
                found.append((kept, place))
        return found

    def _in(self, place: Path) -> list[Stored]:
        if not place.is_dir():
            return []
        return sorted(
            (self._stored(place / name) for name in os.listdir(place) if _ID.fullmatch(name)),
            key=lambda stored: stored.id,
        )

    @staticmethod
    def _stored(file: Path) -> Stored:
        return Stored(file.name, int(file.name, 16) / 1e9, file.stat().st_size, file)
