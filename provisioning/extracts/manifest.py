"""An extract's manifest, and whether its folder is still what was registered.

Standard library only: the Docker gate, which mounts extracts, imports this module.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any

from provisioning.refusal import Refusal

MANIFEST = "extract.json"
SCHEMA = "carrel.extract/1"
LARGEST_MANIFEST = 64 * 1024 * 1024
"""Bytes."""


class ExtractDamaged(Refusal):
    """The folder is not the extract that was registered, so it must not be mounted."""


@dataclass(frozen=True)
class ManifestFile:
    """One file of the extract, as registered."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ExtractManifest:
    """What ``extract.json`` says; ``document`` is all of it, ``digest`` names it and so the extract."""

    name: str
    version: int
    title: dict[str, str]
    tables: tuple[dict[str, Any], ...]
    files: tuple[ManifestFile, ...]
    document: dict[str, Any]
    digest: str
    verified: bool = False
    """Whether the extract gate found nothing that holds the extract, or a second person overrode it."""


def write_document(document: dict[str, Any]) -> bytes:
    """The one way in which a manifest is written: equal content in equal order has equal bytes."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def digest_of(manifest: bytes) -> str:
    """An extract's digest: of its manifest, which holds that of every file."""
    return "sha256:" + hashlib.sha256(manifest).hexdigest()


def read(folder: Path) -> ExtractManifest:
    """The manifest in ``folder``, its files not looked at. Raises `ExtractDamaged`."""
    if not folder.is_dir() or folder.is_symlink():
        raise _damaged(
            folder,
            "The extract's folder {file} is missing. Restore it from the backup, or withdraw the extract.",
        )
    with _open(folder / MANIFEST) as file:
        content = file.read(LARGEST_MANIFEST + 1)
    try:
        document = json.loads(content)
        if document["schema"] != SCHEMA or len(content) > LARGEST_MANIFEST:
            raise ValueError(document["schema"])
        files = tuple(
            ManifestFile(str(entry["path"]), int(entry["bytes"]), str(entry["sha256"]))
            for entry in document["files"]
        )
        return ExtractManifest(
            name=str(document["name"]),
            version=int(document["version"]),
            title=dict(document["title"]),
            tables=tuple(document["tables"]),
            files=files,
            document=document,
            digest=digest_of(content),
            verified=document.get("gate", {}).get("verified") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(
            folder / MANIFEST,
            "{file} is not a manifest of this version. Restore it from the backup, or withdraw the extract.",
        ) from error


def verify(folder: Path, digest: str) -> ExtractManifest:
    """Check every byte of the extract in ``folder`` against ``digest``; return its manifest.

    Raises `ExtractDamaged`: no folder, no manifest, another manifest than registered, a file missing,
    added or changed, or anything that is no regular file (a link may lead out of the extract).
    """
    manifest = read(folder)
    if manifest.digest != digest:
        raise _damaged(
            folder / MANIFEST,
            "{file} changed since the extract was registered. Restore it from the backup, "
            "or register a new version.",
        )
    expected = {entry.path: entry for entry in manifest.files}
    present = set(_files(folder))
    for path in sorted(present - expected.keys() - {MANIFEST}):
        raise _damaged(folder / path, "{file} is not part of the extract. Remove it.")
    for path in sorted(expected.keys() - present):
        raise _damaged(
            folder / path, "{file} is missing. Restore it from the backup, or withdraw the extract."
        )
    for path, entry in expected.items():
        _verify_file(folder / path, entry)
    return manifest


def _verify_file(path: Path, entry: ManifestFile) -> None:
    with _open(path) as file:
        same = os.fstat(file.fileno()).st_size == entry.bytes
        if not same or hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
            raise _damaged(
                path,
                "{file} changed since the extract was registered. Restore it from the backup, "
                "or register a new version.",
            )


def _files(folder: Path) -> Iterator[str]:
    """Every regular file's path below ``folder``; `ExtractDamaged` at anything else."""
    waiting = [PurePosixPath()]
    while waiting:
        below = waiting.pop()
        with os.scandir(folder / below) as entries:
            for entry in entries:
                path = below / entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif entry.is_file(follow_symlinks=False):
                    yield str(path)
                else:
                    raise _not_regular(folder / path)


def _open(path: Path) -> BufferedReader:
    try:
        # Not through a link, and not waiting for ever on a pipe.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _damaged(
            path, "{file} is missing. Restore it from the backup, or withdraw the extract."
        ) from None
    except OSError as error:
        if path.is_symlink() or not path.is_file():
            raise _not_regular(path) from error
        raise _damaged(path, "{file} cannot be read. Give this service the right to read it.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _not_regular(path)
    return os.fdopen(descriptor, "rb")


def _not_regular(path: Path) -> ExtractDamaged:
    return _damaged(path, "{file} is a link or a special file, which an extract cannot have. Remove it.")


def _damaged(path: Path, message: str) -> ExtractDamaged:
    return ExtractDamaged(message, file=path)
