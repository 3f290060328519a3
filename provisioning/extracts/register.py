"""Making an extract from its sources, their dictionary and a policy, whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from provisioning.extracts.dictionary import Dictionary, read_dictionary
from provisioning.extracts.manifest import (
    LARGEST_MANIFEST,
    MANIFEST,
    SCHEMA,
    ExtractDamaged,
    ExtractManifest,
    read,
    verify,
    write_document,
)
from provisioning.gate import sources
from provisioning.gate.keys import project_key
from provisioning.gate.pipeline import Made, Progress, make, quiet
from provisioning.gate.policy import Policy, read_policy
from provisioning.gate.report import as_made
from provisioning.refusal import Refusal

_HALF = ".making-"


@dataclass(frozen=True)
class Registered:
    """An extract that lies in its folder; ``made`` is False where it lay there already."""

    manifest: ExtractManifest
    folder: str
    """Below the extracts root."""
    made: bool


def register(
    source: Path,
    dictionary_file: Path,
    policy_file: Path,
    extracts_root: Path,
    version: int | None = None,
    *,
    project: str | None = None,
    progress: Progress = quiet,
) -> Registered:
    """Make ``<extracts_root>/<name>/v<version>`` of ``source``, a file or a folder of them.

    The next version by default. Where a version with the same content is there, that one is the answer.
    Files are mode 0440 and folders 0550. What the gate found is in the manifest; whether it holds the
    extract, too. ``project`` names the key for pseudonyms and date offsets. Raises `Refusal` (one line a
    fault) where data, dictionary and policy differ, and where ``version`` is there with another content;
    nothing is left behind.
    """
    dictionary = read_dictionary(dictionary_file)
    policy = read_policy(policy_file)
    found = sources.find(source, dictionary)
    key = _key(policy, project, extracts_root.parent)
    home = extracts_root / dictionary.name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home):
            half = Path(mkdtemp(prefix=_HALF, dir=home))
            scratch = Path(mkdtemp(prefix=_HALF, dir=home))
            try:
                made = make(
                    half, scratch, dictionary, policy, found, key=key, project=project, progress=progress
                )
                _remove(scratch)
                return _settle(half, home, _content(half, dictionary, made), version)
            finally:
                _remove(half)
                _remove(scratch)
    except OSError as error:
        raise Refusal(
            "{folder} cannot be written: {reason}. Give this account the right to, or set CARREL_DATA.",
            folder=error.filename or home,
            reason=error.strerror,
        ) from error


def _key(policy: Policy, project: str | None, data_folder: Path) -> bytes | None:
    if not policy.keyed:
        return None
    if project is None:
        raise Refusal(
            "The policy pseudonymises or shifts dates, with a key for each project: say --project NAME."
        )
    return project_key(project, data_folder)


def _content(half: Path, dictionary: Dictionary, made: Made) -> dict[str, Any]:
    """The manifest, its version still None."""
    return {
        "schema": SCHEMA,
        "name": dictionary.name,
        "version": None,
        "title": dictionary.title,
        "source": dictionary.source,
        "licence": dictionary.licence,
        "tables": made.tables,
        **({"images": made.images} if made.images else {}),
        "gate": made.gate,
        "files": [_file(half, path) for path in made.files],
    }


def _file(half: Path, name: str) -> dict[str, Any]:
    path = half / name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return {"path": name, "bytes": path.stat().st_size, "sha256": digest}


def _settle(half: Path, home: Path, content: dict[str, Any], version: int | None) -> Registered:
    """Give the made folder its version and place, unless the same content is there already."""
    present = {int(path.name[1:]): path for path in home.glob("v[1-9]*") if path.name[1:].isdigit()}
    for number in [version] if version in present else sorted(present, reverse=True):
        assert number is not None
        manifest = _same(present[number], content)
        if manifest is not None and version in (None, number):
            return Registered(manifest, f"{home.name}/v{number}", made=False)
    if version in present:
        raise Refusal(
            "The extract {extract} is there with another content, and versions never change. "
            "Register the next version.",
            extract=f"{home.name}@{version}",
        )
    number = version if version is not None else max(present, default=0) + 1
    document = write_document({**content, "version": number})
    if len(document) > LARGEST_MANIFEST:
        raise Refusal(
            "{extract} would have more files than a manifest can list. Register it in parts.",
            extract=f"{home.name}@{number}",
        )
    with (half / MANIFEST).open("wb") as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())
    for path in half.rglob("*"):
        path.chmod(0o550 if path.is_dir() else 0o440)
    _sync_all(half)
    half.chmod(0o550)
    os.rename(half, home / f"v{number}")  # the moment at which the extract is there
    _sync(home)
    return Registered(read(home / f"v{number}"), f"{home.name}/v{number}", made=True)


def _same(folder: Path, content: dict[str, Any]) -> ExtractManifest | None:
    """The undamaged extract in ``folder``, where its content but for the version is ``content``."""
    try:
        manifest = read(folder)
        gate = as_made(manifest.document["gate"])
        if {**manifest.document, "version": None, "gate": gate} != content:
            return None
        return verify(folder, manifest.digest)
    except (ExtractDamaged, KeyError, TypeError):  # the latter two: from before there was a gate
        return None


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One registration of a name at a time; what a killed one left half made is removed."""
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in home.glob(_HALF + "*"):
            _remove(left)
        yield


def _remove(folder: Path) -> None:
    if folder.exists():
        for path in (folder, *folder.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder)


def _sync_all(folder: Path) -> None:
    """The folder's own entries and those of every folder below; files are synced as they are digested."""
    for path in (folder, *(one for one in folder.rglob("*") if one.is_dir())):
        _sync_folder(path)


def _sync(folder: Path) -> None:
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
