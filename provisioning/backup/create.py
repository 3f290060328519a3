"""Making a backup: registry first, then the folders one file after another, then the keys, sealed.

Both files grow under the names ``….partial``. The sealed keys are whole on the disk before the archive
gets its name, and get theirs after it; so an archive with a name always has its keys. A run that was
killed between the two is finished by the next one, any other is rolled back by it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from uuid import uuid4

from provisioning.backup import archive, keys, registry, tree
from provisioning.backup.archive import Counted, Progress, Writer
from provisioning.backup.manifest import FORMAT
from provisioning.backup.places import STAGING, Places
from provisioning.disks.unmounted import refuse_unmounted
from provisioning.refusal import Refusal

ARCHIVE = ".tar.gz"
KEYS = ".keys"
PARTIAL = ".partial"
COPY = ".copy"
"""Of a database, beside the archive; gone once it is in there."""

WHOLE = "content"
MANIFEST_ONLY = "manifest"
EXTRACT_MANIFEST = "extract.json"

_DATABASES = (".sqlite", ".db")
_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Made:
    """A backup that is finished; ``keys`` is None where the keys were left out."""

    archive: Path
    keys: Path | None
    count: Counted
    finished: bool = False
    """Whether an earlier run had made it and this one only gave it its names."""


def targets(to: Path, keys_to: Path | None, now: datetime) -> tuple[Path, Path | None]:
    """The names of archive and keys file: what was asked for, or new ones in the folders asked for."""
    stem = f"carrel-{now:%Y%m%dT%H%M%SZ}"
    whole = to / (stem + ARCHIVE) if to.is_dir() else to
    if keys_to is None:
        return whole, None
    return whole, keys_to / (whole.name.removesuffix(ARCHIVE) + KEYS) if keys_to.is_dir() else keys_to


def backup(
    places: Places,
    to: Path,
    *,
    keys_to: Path | None,
    secret: str | None,
    site: str,
    version: str,
    extracts: str = WHOLE,
    progress: Progress = lambda files, size: None,
    now: datetime | None = None,
) -> Made:
    """Back up ``places`` to ``to``, a file or folder; the keys go to ``keys_to``, in another folder.

    Raises `Refusal`; then nothing is left under the names asked for.
    """
    target, keys_target = targets(to, keys_to, now or datetime.now(UTC))
    _check_targets(places, target, keys_target)
    refuse_unmounted(places.data)
    finished = sweep(target, keys_target)
    if target in finished:
        count = archive.read(target, archive.Receiver(), target.parent, progress)
        return Made(target, keys_target, count, finished=True)
    for each in (target, keys_target):
        if each is not None and each.exists():
            raise Refusal("{file} exists already. Name another file, or move it away.", file=each)
    with _partial(target) as raw:
        header = {
            "format": FORMAT,
            "id": uuid4().hex,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "site": site,
            "version": version,
            "extracts": extracts,
        }
        writer = Writer(raw, header, target.parent, progress)
        _registry(writer, places, target)
        _folder(writer, "config", places.config, target, _is_config)
        _folder(writer, "data", places.data, target, _wanted(extracts))
        count = writer.close()
        raw.flush()
        os.fsync(raw.fileno())
        if keys_target is not None:
            assert secret is not None
            bundle = keys.Bundle(count.id, count.digest, keys.collect(places.keys))
            _write(_beside(keys_target, PARTIAL), keys.seal(bundle, secret))
        _rename(_beside(target, PARTIAL), target)
        if keys_target is not None:
            _rename(_beside(keys_target, PARTIAL), keys_target)
    return Made(target, keys_target, count)


def _check_targets(places: Places, target: Path, keys_target: Path | None) -> None:
    for each in (target, keys_target):
        if each is None:
            continue
        if not each.parent.is_dir():
            raise Refusal("The folder {folder} does not exist. Make it, or name another.", folder=each.parent)
        for place in (places.data, places.keys):
            if each.parent.resolve().is_relative_to(place.resolve()):
                raise Refusal(
                    "{file} would lie inside {place}, which is what is backed up. Name another.",
                    file=each,
                    place=place,
                )
    if keys_target is not None and keys_target.parent.resolve() == target.parent.resolve():
        raise Refusal(
            "Archive and keys may not lie in one folder: who finds one must not find the other. "
            "Name another folder for the keys."
        )


def sweep(target: Path, keys_target: Path | None) -> list[Path]:
    """Finish or roll back what killed runs left beside these files; returns the archives finished.

    Keys whose archive is neither whole nor half beside ``target`` are some other backup's, and stay.
    """
    folder = target.parent
    pairs = {} if keys_target is None else {_beside(keys_target, PARTIAL): target}
    for partial in sorted(keys_target.parent.glob(f"*{KEYS}{PARTIAL}")) if keys_target else ():
        pairs.setdefault(partial, folder / (partial.name.removesuffix(KEYS + PARTIAL) + ARCHIVE))
    finished = []
    for partial, whole in pairs.items():
        half = _beside(whole, PARTIAL)
        if partial.exists() and whole.exists() and _belongs(partial, whole):
            _rename(partial, partial.with_name(partial.name.removesuffix(PARTIAL)))
            finished.append(whole)
        elif half.exists() and _is_nobodys(half):
            partial.unlink(missing_ok=True)
    for left in sorted(folder.glob(f"*{ARCHIVE}{PARTIAL}*")):
        name = left.name[: left.name.rindex(PARTIAL)]
        if _is_nobodys(folder / (name + PARTIAL)):
            left.unlink(missing_ok=True)
    return finished


def _belongs(sealed: Path, whole: Path) -> bool:
    try:
        return keys.head_of(sealed)["backup"] == archive.header(whole)["id"]
    except (Refusal, KeyError):
        return False


def _is_nobodys(partial: Path) -> bool:
    """Whether no living process writes this file."""
    try:
        opened = os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(opened)
    return True


@contextmanager
def _partial(target: Path) -> Iterator[IO[bytes]]:
    """The archive under its passing name, this process's alone; removed if anything fails."""
    partial = _beside(target, PARTIAL)
    opened = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "r+b") as raw:
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal("Another backup writes {file}. Wait for it to end.", file=target) from error
        raw.truncate(0)
        try:
            yield raw
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise Refusal(
                "The backup {file} cannot be written ({reason}). Make room, or name another place.",
                file=error.filename or target,
                reason=error.strerror,
            ) from error
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _registry(writer: Writer, places: Places, target: Path) -> None:
    copied = _beside(target, PARTIAL + COPY)
    copied.unlink(missing_ok=True)
    try:
        status = registry.copy(places.registry, copied)
        opened = os.open(copied, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        copied.unlink(missing_ok=True)
    try:
        writer.file(registry.member(places.registry), opened, status)
    finally:
        os.close(opened)


def _folder(writer: Writer, top: str, root: Path, target: Path, wanted: Callable[[str], bool]) -> None:
    try:
        opened = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        for found in tree.walk(opened, wanted):
            name = f"{top}/{found.path}"
            if found.skipped:
                writer.skip(name, found.skipped)
                continue
            assert found.status is not None
            if found.descriptor is None:
                writer.folder(name, found.status)
            elif top == "data" and _is_desk_database(found.path):
                with _database(found, target) as copied:
                    writer.file(name, copied, found.status)
            else:
                writer.file(name, found.descriptor, found.status)
    finally:
        os.close(opened)


def _is_desk_database(path: str) -> bool:
    """A desk's budget, histories and signatures: SQLite files that a running desk writes to."""
    return path.startswith("desks/") and path.endswith(_DATABASES)


@contextmanager
def _database(found: tree.Found, target: Path) -> Iterator[int]:
    """A descriptor of a whole copy of a desk's database; of the file itself, where it is none."""
    assert found.descriptor is not None
    copied = _beside(target, PARTIAL + COPY)
    copied.unlink(missing_ok=True)
    source = f"/proc/self/fd/{found.parent}/{found.path.rpartition('/')[2]}"
    opened = -1
    try:
        with suppress(sqlite3.Error):
            connection = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=5)
            try:
                connection.execute("VACUUM INTO ?", (str(copied),))
                opened = os.open(copied, os.O_RDONLY | os.O_CLOEXEC)
            finally:
                connection.close()
        copied.unlink(missing_ok=True)
        yield found.descriptor if opened < 0 else opened
    finally:
        copied.unlink(missing_ok=True)
        if opened >= 0:
            os.close(opened)


def _is_config(path: str) -> bool:
    return path.split("/", maxsplit=1)[0] != STAGING


def _wanted(extracts: str) -> Callable[[str], bool]:
    def wanted(path: str) -> bool:
        parts = path.split("/")
        if parts[0] in (STAGING, "disks"):  # what is on the disks is in workspaces and runs
            return False
        if parts[0] == "desks" and path.endswith(tuple(a + b for a in _DATABASES for b in _COMPANIONS)):
            return False  # what is in them is in the database's copy
        # extracts/<extract>/v<n>/<file>
        return not (
            extracts == MANIFEST_ONLY
            and parts[0] == "extracts"
            and len(parts) > 3
            and parts[3:] != [EXTRACT_MANIFEST]
        )

    return wanted


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _rename(old: Path, new: Path) -> None:
    os.rename(old, new)
    flush_folder(new.parent)


def flush_folder(folder: Path) -> None:
    """See that the names in ``folder`` are on the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
