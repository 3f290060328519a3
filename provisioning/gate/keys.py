"""The keys that pseudonyms and date offsets come from: one a project, outside the data folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name
from provisioning.settings import keys_root

KEY_BYTES = 32


def project_key(project: str, data_folder: Path, folder: Path | None = None) -> bytes:
    """The 32 bytes that pseudonyms of ``project`` are keyed with; made on first use, mode 0600.

    Raises `Refusal` where the folder lies in the data folder (who has the data must not have the keys),
    where it or the key can be read by others, and where the key is damaged.
    """
    folder = folder or keys_root()
    # In a folder of their own: a project may be called as one of the site's own keys is.
    path = folder / "projects" / f"{checked_name(project)}.key"
    try:
        _checked_folder(folder, data_folder)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _make(path)
        return _read(path)
    except OSError as error:
        raise Refusal(
            "The key {file} cannot be used: {reason}. Give this account the right to, or set CARREL_KEYS.",
            file=path,
            reason=error.strerror,
        ) from error


def _checked_folder(folder: Path, data_folder: Path) -> None:
    if folder.resolve().is_relative_to(data_folder.resolve()):
        raise Refusal(
            "The keys' folder {folder} lies in the data folder: set CARREL_KEYS to a place outside {data}.",
            folder=folder,
            data=data_folder,
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _not_for_others(folder, folder.stat())


def _make(path: Path) -> None:
    """Raises ``FileExistsError`` where the key is there: a key is never written over."""
    if path.exists() or path.is_symlink():
        raise FileExistsError(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # Unlike a rename, fails where another process was first.
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        _not_for_others(path, os.fstat(file.fileno()))
        key = file.read(KEY_BYTES + 1)
    if len(key) != KEY_BYTES:
        raise Refusal(
            "{file} is not a key of {bytes} bytes. Restore it from the backup.", file=path, bytes=KEY_BYTES
        )
    return key


def _not_for_others(path: Path, status: os.stat_result) -> None:
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Refusal("{file} can be read by others: run chmod go= {file}.", file=path)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
