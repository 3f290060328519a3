"""Restoring a backup onto an empty site: read and verified in whole before anything is put in place.

Each place (data, keys, configuration, the registry's folder) has its own staging, so that a file gets
its name by a rename. Until the journal says that all is verified, a restore that was killed is rolled
back by the next one; from then on the next one finishes it. The registry comes last: a site has one
when everything else is there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.backup import archive, keys, registry
from provisioning.backup.archive import BadArchive, Counted, Progress, Receiver
from provisioning.backup.create import flush_folder
from provisioning.backup.places import STAGING, Places
from provisioning.refusal import Refusal

JOURNAL = "journal.json"
STAGED_REGISTRY = ".restoring.sqlite"


@dataclass(frozen=True)
class Restored:
    """What was restored; ``finished`` where an earlier run had verified it and this one went on."""

    count: Counted | None
    backup: str
    keys: int
    finished: bool = False


def verify(
    source: Path, bundle: keys.Bundle | None, progress: Progress = lambda files, size: None
) -> Counted:
    """Read the whole archive and hold it against its manifest and its keys. Raises `Refusal`."""
    count = archive.read(source, Receiver(), None, progress)
    _goes_with(count, bundle)
    return count


def restore(
    places: Places,
    source: Path,
    bundle: keys.Bundle | None,
    progress: Progress = lambda files, size: None,
) -> Restored:
    """Put the backup ``source`` in place, with the keys of ``bundle``.

    Raises `Refusal` when the site is not empty, or the archive not what was backed up; then nothing of
    it is in place.
    """
    places.data.mkdir(parents=True, exist_ok=True)
    with _alone(places.data):
        journal = _journal(places)
        if journal is not None:
            if journal["backup"] != archive.header(source)["id"]:
                raise Refusal(
                    "The restore of another backup ({backup}) is half done. Run it again with that backup.",
                    backup=journal["backup"],
                )
            _place(places)
            return Restored(None, journal["backup"], journal["keys"], finished=True)
        _roll_back(places)
        _check_empty(places)
        try:
            staging = _Staging(places)
            count = archive.read(source, staging, places.data / STAGING, progress)
            _goes_with(count, bundle)
            staging.end()
            _stage_keys(places, bundle)
            _check_registry(places, count)
        except OSError as error:
            _roll_back(places)
            raise Refusal(
                "The backup cannot be restored ({file}: {reason}). Make room, then run it again.",
                file=error.filename,
                reason=error.strerror,
            ) from error
        except BaseException:
            _roll_back(places)
            raise
        # All that was written, at once: this waits until it is on the disk.
        os.sync()
        restored = len(bundle.keys) if bundle else 0
        _write_journal(places, {"backup": count.id, "keys": restored})
        _place(places)
        return Restored(count, count.id, restored)


def half_done(data: Path) -> bool:
    """Whether a restore into ``data`` was cut short: the site must not start as it is."""
    return (data / STAGING).exists()


def _goes_with(count: Counted, bundle: keys.Bundle | None) -> None:
    if bundle is not None and (bundle.backup, bundle.digest) != (count.id, count.digest):
        raise BadArchive(
            "The keys are not those of this backup, or the backup was changed since. Use the two that "
            "were made together."
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Refusal(
            "Another restore into {folder} is under way. Wait for it to end.", folder=folder
        ) from error
    finally:
        os.close(opened)


def _stagings(places: Places) -> list[Path]:
    made = [places.data / STAGING, places.keys / STAGING, places.config / STAGING]
    file = registry.sqlite_file(places.registry)
    return made if file is None else [*made, file.with_name(STAGED_REGISTRY)]


def _roll_back(places: Places) -> None:
    """Remove what a restore that verified nothing has made."""
    for staging in reversed(_stagings(places)):
        if staging.is_dir() and not staging.is_symlink():
            shutil.rmtree(staging)
        else:
            staging.unlink(missing_ok=True)


def _check_empty(places: Places) -> None:
    full = [place for place in (places.data, places.keys, places.config) if _holds_files(place)]
    if not registry.is_empty(places.registry):
        full.append(registry.sqlite_file(places.registry) or Path("PostgreSQL"))
    if full:
        raise Refusal(
            "{place} is not empty, and a restore overwrites nothing. Restore onto another site "
            "(CARREL_SITE, CARREL_VAR), or remove this one first (make clean).",
            place=full[0],
        )
    for name in os.listdir(places.data):
        if os.path.ismount(places.data / name):
            raise Refusal(
                "{folder} is a mount of its own, into which nothing can be renamed. "
                "Mount the whole data folder.",
                folder=places.data / name,
            )


def _holds_files(place: Path) -> bool:
    """Whether there is anything but folders below ``place``."""
    waiting = [place]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        return True
                    waiting.append(folder / entry.name)
        except FileNotFoundError:
            continue
    return False


class _Staging(Receiver):
    """Writes members below the staging folders. Names were checked; there is no link to go through."""

    def __init__(self, places: Places) -> None:
        self.roots = {"data": places.data / STAGING / "data", "config": places.config / STAGING}
        file = registry.sqlite_file(places.registry)
        self.registry = {
            registry.SQLITE_MEMBER: file and file.with_name(STAGED_REGISTRY),
            registry.POSTGRESQL_MEMBER: None if file else places.data / STAGING / "registry.pgdump",
        }
        self.roots["data"].mkdir(mode=0o700, parents=True)
        self._folders: dict[Path, tarfile.TarInfo] = {}

    def _path(self, member: tarfile.TarInfo) -> Path:
        if member.name in self.registry:
            path = self.registry[member.name]
            if path is None:
                raise BadArchive(
                    "The backup's registry is of another database than this site's. Set CARREL_REGISTRY_URL."
                )
            return path
        top, _, below = member.name.partition("/")
        if top not in self.roots or below.split("/")[0] == STAGING:
            raise BadArchive(
                "The backup is damaged or was changed ({why}). Use another copy of it.", why=member.name
            )
        self.roots[top].mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.roots[top] / below

    def folder(self, member: tarfile.TarInfo) -> None:
        path = self._path(member)
        os.mkdir(path, 0o700)
        # Owner and mode once it is filled: a folder may be one that nobody writes to.
        self._folders[path] = member

    def file(self, member: tarfile.TarInfo, chunks: Iterator[bytes]) -> None:
        opened = os.open(
            self._path(member), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        with os.fdopen(opened, "wb", buffering=0) as file:
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    view = view[file.write(view) :]
            _own(file.fileno(), member.uid, member.gid, member.mode & 0o777)
            os.utime(file.fileno(), (member.mtime, member.mtime))

    def end(self) -> None:
        """Give the folders their owners, modes and times, the deepest first."""
        for path, member in sorted(self._folders.items(), reverse=True):
            opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                _own(opened, member.uid, member.gid, member.mode & 0o3777)
                os.utime(opened, (member.mtime, member.mtime))
            finally:
                os.close(opened)


def _own(descriptor: int, uid: int, gid: int, mode: int) -> None:
    if os.geteuid() == 0:
        os.fchown(descriptor, uid, gid)
    os.fchmod(descriptor, mode)


def _stage_keys(places: Places, bundle: keys.Bundle | None) -> None:
    if bundle is None or not bundle.keys:
        return
    root = places.keys / STAGING
    root.mkdir(mode=0o700, parents=True)
    for key in bundle.keys:
        path = root / key.path
        _make_folders(root, path.parent, key)
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "wb") as file:
            file.write(key.content)
            file.flush()
            _own(file.fileno(), key.uid, key.gid, key.mode)


def _make_folders(root: Path, folder: Path, key: keys.Key) -> None:
    """Folders between, the key's owner's alone."""
    for part in reversed([folder, *folder.parents]):
        if part.is_relative_to(root) and not part.exists():
            part.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(part, key.uid, key.gid)


def _check_registry(places: Places, count: Counted) -> None:
    file = registry.sqlite_file(places.registry)
    staged = file.with_name(STAGED_REGISTRY) if file else places.data / STAGING / "registry.pgdump"
    if not staged.exists():
        raise BadArchive("The backup {backup} holds no registry. Use another one.", backup=count.id)
    if file is not None:
        registry.check(staged)


def _journal(places: Places) -> dict[str, Any] | None:
    try:
        return json.loads((places.data / STAGING / JOURNAL).read_text())
    except FileNotFoundError:
        return None


def _write_journal(places: Places, document: dict[str, Any]) -> None:
    path = places.data / STAGING / JOURNAL
    new = path.with_suffix(".new")
    with new.open("w") as file:
        json.dump(document, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
    flush_folder(path.parent)


def _place(places: Places) -> None:
    """Give everything its name. Each step may have been done before."""
    for staged, place in (
        (places.data / STAGING / "data", places.data),
        (places.config / STAGING, places.config),
        (places.keys / STAGING, places.keys),
    ):
        if not staged.is_dir():
            continue
        for name in sorted(os.listdir(staged)):
            # Over an empty folder of that name, as a site that was only begun has.
            _clear(place / name)
            os.rename(staged / name, place / name)
        os.rmdir(staged)
        flush_folder(place)
    file = registry.sqlite_file(places.registry)
    if file is None:
        if registry.is_empty(places.registry):
            registry.put(places.registry, places.data / STAGING / "registry.pgdump")
    elif file.with_name(STAGED_REGISTRY).exists():
        os.rename(file.with_name(STAGED_REGISTRY), file)
        flush_folder(file.parent)
    dump = places.data / STAGING / "registry.pgdump"
    dump.unlink(missing_ok=True)
    (places.data / STAGING / JOURNAL).unlink()
    os.rmdir(places.data / STAGING)
    flush_folder(places.data)


def _clear(place: Path) -> None:
    """Remove the empty folders that may stand at ``place``; anything else there is an error."""
    if not place.is_dir() or place.is_symlink():
        return
    for folder, _, _ in os.walk(place, topdown=False):
        os.rmdir(folder)
