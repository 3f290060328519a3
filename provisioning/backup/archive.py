"""The archive: a gzipped tar (POSIX.1-2001, pax) that is written and read in one pass, in bounded memory.

The first member says what the archive is, the last is its manifest. Between them are regular files and
folders only. A reader trusts no name and no type.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from provisioning.backup import tree
from provisioning.backup.manifest import FORMAT, HEADER, LONGEST_LINE, MANIFEST, Lines, line_of, note
from provisioning.refusal import Refusal

LARGEST_HEADER = 64 * 1024
DEEPEST = tree.DEEPEST + 8
TOPS = ("config", "data", "registry")
"""The first part of every path in an archive."""


class BadArchive(Refusal):
    """The file is no whole, unchanged archive of a backup."""


@dataclass
class Counted:
    """What an archive holds."""

    id: str
    header: dict[str, Any]
    digest: str = ""
    files: int = 0
    bytes: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)
    """The first `TOLD` that were not copied, with why."""
    skipped_count: int = 0
    changed_count: int = 0


TOLD = 100

Progress = Callable[[int, int], None]
"""Called with files and bytes so far."""


class _Content(io.RawIOBase):
    """Exactly ``size`` bytes of a file that may be written to meanwhile; what it lacks are zeros."""

    def __init__(self, descriptor: int, size: int) -> None:
        self.descriptor, self.left = descriptor, size
        self.hash = hashlib.sha256()
        self.short = False

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size < 0 else min(size, self.left)
        data = b"" if self.short else os.read(self.descriptor, min(wanted, 1 << 20))
        if not data and wanted:
            self.short = True
            data = bytes(min(wanted, 1 << 20))
        while len(data) < wanted:
            more = b"" if self.short else os.read(self.descriptor, wanted - len(data))
            if not more:
                self.short = True
                more = bytes(wanted - len(data))
            data += more
        self.left -= len(data)
        self.hash.update(data)
        return data


class Writer:
    """Writes one archive to ``raw``; `close` ends it with its manifest.

    Parameters
    ----------
    folder
        Where the manifest grows meanwhile, in a file without a name.
    """

    def __init__(self, raw: IO[bytes], header: dict[str, Any], folder: Path, progress: Progress) -> None:
        self.count = Counted(str(header["id"]), header)
        self.progress = progress
        self._spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 (closed in `close`)
        self._lines = Lines(self._spool)
        # Level 1: workspaces hold Parquet and images, which more effort makes hardly smaller.
        self._zipped = gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=1, mtime=0)
        self._tar = tarfile.open(fileobj=self._zipped, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8")  # noqa: SIM115
        self._plain(HEADER, json.dumps(header, sort_keys=True).encode())

    def _plain(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o600
        self._tar.addfile(info, io.BytesIO(content))

    def folder(self, name: str, status: os.stat_result) -> None:
        """Add a folder."""
        info = _info(name, status)
        info.type = tarfile.DIRTYPE
        self._add(info, None)

    def file(self, name: str, descriptor: int, status: os.stat_result) -> None:
        """Add what the file open as ``descriptor`` holds now; ``status`` gives its owner and mode."""
        before = os.fstat(descriptor)
        info = _info(name, status)
        info.size = before.st_size
        content = _Content(descriptor, before.st_size)
        self._add(info, content)
        after = os.fstat(descriptor)
        if content.short or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            self.count.changed_count += 1
            self._lines.add(note("changed", name, "written-to"))

    def skip(self, name: str, why: str) -> None:
        """Note that something was not copied."""
        self._lines.add(note("skipped", name, why))
        self.count.skipped_count += 1
        if len(self.count.skipped) < TOLD:
            self.count.skipped.append({"path": name, "why": why})

    def _add(self, info: tarfile.TarInfo, content: _Content | None) -> None:
        self._tar.addfile(info, content)  # type: ignore[arg-type]
        # The library keeps every member that it wrote; a site has millions.
        self._tar.members = []  # type: ignore[attr-defined]
        self._lines.add(line_of(info, content.hash.hexdigest() if content else ""))
        if content is not None:
            self.count.files += 1
            self.count.bytes += info.size
        self.progress(self.count.files, self.count.bytes)

    def close(self) -> Counted:
        """End the archive; it is whole then, though not on the disk yet."""
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = self._lines.size, 0o600
        self._spool.seek(0)
        self._tar.addfile(info, self._spool)
        self._tar.close()
        self._zipped.close()
        self._spool.close()
        self.count.digest = self._lines.digest
        return self.count


def _info(name: str, status: os.stat_result) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    # No set-uid or set-gid program comes out of a backup; a folder's set-gid bit says whose its files are.
    info.mode = status.st_mode & (0o3777 if _is_folder(status) else 0o777)
    info.uid, info.gid, info.mtime = status.st_uid, status.st_gid, int(status.st_mtime)
    return info


def _is_folder(status: os.stat_result) -> bool:
    return os.path.stat.S_ISDIR(status.st_mode)  # type: ignore[attr-defined]


class Receiver:
    """What a reader does with the members. This one only looks."""

    def begin(self, header: dict[str, Any]) -> None:
        """The archive's header has been read."""

    def folder(self, member: tarfile.TarInfo) -> None:
        """A folder; what is in it follows."""

    def file(self, member: tarfile.TarInfo, chunks: Iterator[bytes]) -> None:
        """A file, its content in ``chunks``, which must be read to their end."""
        for _ in chunks:
            pass


def read(source: Path, receiver: Receiver, spool_in: Path | None, progress: Progress) -> Counted:
    """Read a whole archive, giving each member to ``receiver``; returns what it holds.

    Raises `BadArchive` when anything differs from what the archive's manifest says. The receiver has
    seen members by then: what it makes must not be used before this returns.
    """
    try:
        with (
            source.open("rb") as raw,
            gzip.GzipFile(fileobj=raw, mode="rb") as zipped,
            tarfile.open(fileobj=zipped, mode="r|", encoding="utf-8") as tar,
            tempfile.TemporaryFile(dir=spool_in) as spool,
        ):
            count = _members(tar, receiver, spool, progress)
            if zipped.read(1 << 16).strip(b"\0"):
                raise _broken("there is more after its end")
            return count
    except FileNotFoundError:
        raise Refusal("There is no backup {file}.", file=source) from None
    except (
        tarfile.TarError,
        zlib.error,
        gzip.BadGzipFile,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:
        raise _broken(str(error) or type(error).__name__) from error


def header(source: Path) -> dict[str, Any]:
    """The first member of the archive. Raises `BadArchive`."""
    try:
        with tarfile.open(source, mode="r|gz", encoding="utf-8") as tar:
            return _header(tar)
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
        raise _broken(str(error)) from error


def _header(tar: tarfile.TarFile) -> dict[str, Any]:
    member = tar.next()
    if member is None or member.name != HEADER or not member.isreg() or member.size > LARGEST_HEADER:
        raise _broken("it does not begin as a backup does")
    opened = tar.extractfile(member)
    document = json.loads(opened.read()) if opened else None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _broken("it is not of a format that this version reads")
    return document


def _members(tar: tarfile.TarFile, receiver: Receiver, spool: IO[bytes], progress: Progress) -> Counted:
    document = _header(tar)
    count = Counted(str(document["id"]), document)
    receiver.begin(document)
    lines = Lines(spool)
    before: str | None = None
    while True:
        tar.members = []  # type: ignore[attr-defined]
        member = tar.next()
        if member is None:
            raise _broken("it ends before its manifest")
        if member.name == MANIFEST and member.isreg():
            spool.seek(0)
            _compare(tar, member, spool, count)
            if tar.next() is not None:
                raise _broken("there is more after its manifest")
            return count
        check_name(member.name)
        if before is not None and member.name == before:
            raise _broken("a path stands twice in it")
        before = member.name
        if member.isdir():
            receiver.folder(member)
            lines.add(line_of(member, ""))
        elif member.isreg() and not member.issparse():
            digest = hashlib.sha256()
            receiver.file(member, _chunks(tar, member, digest))
            lines.add(line_of(member, digest.hexdigest()))
            count.files += 1
            count.bytes += member.size
        else:
            raise _broken("it holds something else than files and folders")
        progress(count.files, count.bytes)


def check_name(name: str) -> None:
    """Raise `BadArchive` unless ``name`` is a plain path below one of the archive's tops."""
    parts = name.split("/")
    plain = all(part not in ("", ".", "..") and "\0" not in part for part in parts)
    short = all(len(os.fsencode(part)) <= 255 for part in parts)
    if not plain or not short or len(parts) > DEEPEST or len(parts) < 2 or parts[0] not in TOPS:
        raise _broken("a path in it leads elsewhere")


def _chunks(tar: tarfile.TarFile, member: tarfile.TarInfo, digest: Any) -> Iterator[bytes]:
    opened = tar.extractfile(member)
    assert opened is not None
    left = member.size
    while left:
        data = opened.read(min(left, 1 << 20))
        if not data:
            raise _broken("a file in it is cut short")
        left -= len(data)
        digest.update(data)
        yield data


def _compare(tar: tarfile.TarFile, member: tarfile.TarInfo, computed: IO[bytes], count: Counted) -> None:
    """Hold what was read against the manifest, line by line."""
    manifest = tar.extractfile(member)
    assert manifest is not None
    whole = hashlib.sha256()
    while line := manifest.readline(LONGEST_LINE):
        whole.update(line)
        said = json.loads(line)
        if "path" in said:
            if computed.readline(LONGEST_LINE) != line:
                raise _broken("a file in it is not the one that was backed up", path=said["path"])
        elif "skipped" in said:
            count.skipped_count += 1
            if len(count.skipped) < TOLD:
                count.skipped.append({"path": str(said["skipped"]), "why": str(said.get("why"))})
        else:
            count.changed_count += 1
    if computed.readline():
        raise _broken("it holds a file that its manifest does not name")
    count.digest = f"sha256:{whole.hexdigest()}"


def _broken(why: str, path: str | None = None) -> BadArchive:
    if path is not None:
        return BadArchive(
            "The backup is damaged or was changed ({why}: {path}). Use another copy of it.",
            why=why,
            path=path.encode("utf-8", "backslashreplace").decode(),
        )
    return BadArchive("The backup is damaged or was changed ({why}). Use another copy of it.", why=why)
