"""**Ask for a release**: the chosen files are copied into the airlock, and a request is made for them.

Each file is opened once, without following links, and read from that descriptor twice: for its digest
and while it is sent. Had it changed in between, the portal refuses it, so that no file is released
that never was like that.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from export_guard.contents import descriptors, names
from export_guard.contents.descriptors import Entry
from export_guard.contents.problems import Refused, size_text
from export_guard.contents.workspace import Workspace
from export_guard.limits import MIB
from export_guard.portal_client import CHUNK, Changed, PortalClient

LARGEST_FILE = 500 * MIB
MOST_FILES = 100
LONGEST_PURPOSE = 2000
LONGEST_RECIPIENT = 200
"""The portal checks all four again."""

_PROBLEMS = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "not-folder",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EAGAIN: "busy",
}
CHANGED = "“{name}” changed while it was copied. Let what writes it finish, and ask again."
TOO_LARGE = "“{name}” is larger than can be released ({limit}). Ask for a smaller file."


class Unasked(Exception):
    """A request that was not made: an HTTP status, and a gettext id with its values."""

    def __init__(self, status: int, message: str, **values: object) -> None:
        super().__init__(message)
        self.status, self.message, self.values = status, message, values


@dataclass(frozen=True)
class Asked:
    """What the browser sends."""

    files: tuple[str, ...]
    purpose: str
    recipient: str


def asked(document: object) -> Asked:
    """What ``document`` asks for. Raises `Unasked`, and `Refused` for a path that can't be one."""
    if not isinstance(document, dict) or document.keys() != {"files", "purpose", "recipient"}:
        raise Unasked(400, "A request names files, purpose and recipient.")
    files, purpose, recipient = document["files"], document["purpose"], document["recipient"]
    if not isinstance(files, list) or not all(isinstance(path, str) for path in files):
        raise Unasked(400, "A request names files, purpose and recipient.")
    if not 0 < len(files) <= MOST_FILES:
        raise Unasked(400, "Ask for 1 to {limit} files at a time.", limit=MOST_FILES)
    for field, text, longest in (
        ("purpose", purpose, LONGEST_PURPOSE),
        ("recipient", recipient, LONGEST_RECIPIENT),
    ):
        if not isinstance(text, str) or not 0 < len(text.strip()) <= longest:
            message = "{field}: must be a plain text of 1 to {limit} characters."
            raise Unasked(400, message, field=field, limit=longest)
    paths = tuple("/".join(names.split(path)) for path in files)
    if "" in paths:
        raise Refused("folder", "/")
    if len(set(paths)) != len(paths):
        raise Unasked(400, "A file is named twice. Name each file once.")
    return Asked(paths, purpose, recipient)


async def ask(workspace: Workspace, portal: PortalClient, request: Asked, language: str) -> dict[str, Any]:
    """Copy the files and make the request; the portal's answer, with ``count`` and ``size``.

    Raises `Refused`, `Unasked`, and what `PortalClient` raises.
    """
    files = []
    for path in request.files:
        files.append(await _bring(workspace, portal, path, language))
    document = {
        "files": [{key: file[key] for key in ("path", "sha256", "receipt")} for file in files],
        "purpose": request.purpose,
        "recipient": request.recipient,
    }
    answer = await portal.release(document, language)
    return {**answer, "count": len(files), "size": sum(file["size"] for file in files)}


async def _bring(workspace: Workspace, portal: PortalClient, path: str, language: str) -> dict[str, Any]:
    descriptor, entry = await asyncio.to_thread(_open, workspace, path)
    try:
        sha256, size = await asyncio.to_thread(_digest, descriptor, entry)
        receipt = await portal.bring(sha256, size, _reader(descriptor), language)
    except Changed:
        raise Unasked(409, CHANGED, name=entry.name) from None
    finally:
        os.close(descriptor)
    return {"path": path, "sha256": sha256, "size": size, "receipt": receipt}


def _reader(descriptor: int) -> Callable[[int, int], Awaitable[bytes]]:
    async def read(length: int, position: int) -> bytes:
        return await asyncio.to_thread(os.pread, descriptor, length, position)

    return read


def _open(workspace: Workspace, path: str) -> tuple[int, Entry]:
    """The regular file at ``path``, opened without following a link, and what is known of it."""
    parts = names.split(path)
    name = parts[-1]
    with (
        _spoken(name),
        workspace.folder(parts[:-1]) as folder,
        descriptors.open_file(folder, name) as (opened, entry),
    ):
        if entry.size > LARGEST_FILE:
            raise Unasked(413, TOO_LARGE, name=name, limit=size_text(LARGEST_FILE))
        return os.dup(opened), entry


@contextmanager
def _spoken(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(_PROBLEMS.get(error.errno or 0, "disk"), name) from error


def _digest(descriptor: int, entry: Entry) -> tuple[str, int]:
    """The content's digest and size. What the file grows by meanwhile is bounded too."""
    found, size = hashlib.sha256(), 0
    with _spoken(entry.name):
        while chunk := os.pread(descriptor, CHUNK, size):
            found.update(chunk)
            size += len(chunk)
            if size > LARGEST_FILE:
                raise Unasked(413, TOO_LARGE, name=entry.name, limit=size_text(LARGEST_FILE))
    return found.hexdigest(), size
