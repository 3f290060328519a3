"""The keys that pseudonyms and date offsets come from: one a project, outside the data folder."""

from __future__ import annotations

import contextlib
import secrets
from functools import partial
from pathlib import Path

from provisioning import key_files
from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name
from provisioning.settings import keys_root

KEY_BYTES = 32
FOLDER = "projects"
"""A folder of their own in the keys folder: a project may be called as one of the site's own keys is."""


def key_path(project: str, folder: Path | None = None) -> Path:
    """Where the key of ``project`` lies."""
    return (folder or keys_root()) / FOLDER / f"{checked_name(project)}.key"


def project_key(project: str, data_folder: Path, folder: Path | None = None) -> bytes:
    """The 32 bytes that pseudonyms of ``project`` are keyed with; made on first use, mode 0600.

    Raises `Refusal` where the folder lies in the data folder (who has the data must not have the keys),
    where it or the key can be read by others, and where the key is damaged.
    """
    folder = folder or keys_root()
    if folder.resolve().is_relative_to(data_folder.resolve()):
        raise Refusal(
            "The keys' folder {folder} lies in the data folder: set CARREL_KEYS to a place outside {data}.",
            folder=folder,
            data=data_folder,
        )
    path = key_path(project, folder)
    with contextlib.suppress(OSError):  # What is in the way is told of the key.
        key_files.owners_alone(folder, folder.stat())
        path.parent.mkdir(mode=0o700, exist_ok=True)
    key = key_files.read_or_make(path, partial(secrets.token_bytes, KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise key_files.damaged(path)
    return key
