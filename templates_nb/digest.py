"""SHA-256 digests, written ``sha256:<hex>``, that address templates and outputs by their contents."""

from __future__ import annotations

import hashlib
from pathlib import Path

BYTE_CODE = "__pycache__"
"""Left out of a folder's digest; so whoever runs the folder must never read byte code from it."""


class DigestError(ValueError):
    """A folder that cannot be addressed by its contents, in one line."""


def file_digest(path: Path) -> str:
    """The digest of one file's bytes."""
    with path.open("rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()


def folder_digest(folder: Path) -> str:
    """The digest of a folder: every relative path, sorted, with its file's length and bytes.

    File times, modes and empty folders do not count. Raises `DigestError` on anything that is not a
    plain file or folder, since a link's target could change while the digest stays.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise DigestError(f"{folder.name}: not a folder; give a folder that holds plain files")
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        relative = path.relative_to(folder)
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise DigestError(f"{folder.name}/{relative}: a link or special file; replace it by a plain file")
        if path.is_dir() or BYTE_CODE in relative.parts:
            continue
        name = relative.as_posix().encode()
        # Lengths before contents, so that no two folders can make the same stream of bytes.
        total.update(len(name).to_bytes(8, "big") + name)
        contents = path.read_bytes()
        total.update(len(contents).to_bytes(8, "big") + contents)
    return "sha256:" + total.hexdigest()
