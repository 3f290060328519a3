"""Making an extract from CSV files and their dictionary, whole or not at all."""

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
    MANIFEST,
    SCHEMA,
    ExtractDamaged,
    ExtractManifest,
    read,
    verify,
    write_document,
)
from provisioning.extracts.tabulate import TableRefused, connect, convert
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
    source: Path, dictionary_file: Path, extracts_root: Path, version: int | None = None
) -> Registered:
    """Make ``<extracts_root>/<name>/v<version>`` of ``source``, a CSV file or a folder of them.

    The next version by default. Where a version with the same content is there, that one is the answer.
    Files are mode 0440 and folders 0550. Raises `Refusal` (one line a fault) where the data and the
    dictionary differ, and where ``version`` is there with another content; nothing is left behind.
    """
    dictionary = read_dictionary(dictionary_file)
    sources = _sources(source, dictionary)
    home = extracts_root / dictionary.name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(home):
            half = Path(mkdtemp(prefix=_HALF, dir=home))
            try:
                content = _make(half, dictionary, sources)
                return _settle(half, home, content, version)
            finally:
                _remove(half)
    except OSError as error:
        raise Refusal(
            "{folder} cannot be written: {reason}. Give this account the right to, or set CARREL_DATA.",
            folder=error.filename or home,
            reason=error.strerror,
        ) from error


def _sources(source: Path, dictionary: Dictionary) -> dict[str, Path]:
    """Table name to CSV file; every CSV file and every table has its partner."""
    if source.is_dir():
        present = {path.name: path for path in source.iterdir() if path.suffix.lower() == ".csv"}
    elif source.is_file():
        present = {source.name: source}
    else:
        raise Refusal("{source} is neither a CSV file nor a folder of them.", source=source)
    wanted = {table.file: table.name for table in dictionary.tables}
    faults = [
        Refusal("{file} is not in the dictionary. Describe it, or take it away.", file=name)
        for name in sorted(present.keys() - wanted.keys())
    ] + [
        Refusal("{file} is in the dictionary but not in {source}.", file=name, source=source)
        for name in sorted(wanted.keys() - present.keys())
    ]
    if faults:
        raise TableRefused(faults)
    return {table: present[file] for file, table in wanted.items()}


def _make(half: Path, dictionary: Dictionary, sources: dict[str, Path]) -> dict[str, Any]:
    """Write the tables into ``half``; return the manifest, its version still None."""
    tables, faults = [], []
    with connect() as connection:
        for table in dictionary.tables:
            target = half / f"{table.name}.parquet"
            try:
                tables.append(convert(connection, sources[table.name], table, target))
            except TableRefused as refused:
                faults += refused.faults
    if faults:
        raise TableRefused(faults)
    return {
        "schema": SCHEMA,
        "name": dictionary.name,
        "version": None,
        "title": dictionary.title,
        "source": dictionary.source,
        "licence": dictionary.licence,
        "tables": tables,
        "files": [_file(half / f"{table.name}.parquet") for table in dictionary.tables],
    }


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return {"path": path.name, "bytes": path.stat().st_size, "sha256": digest}


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
    with (half / MANIFEST).open("wb") as file:
        file.write(write_document({**content, "version": number}))
        file.flush()
        os.fsync(file.fileno())
    for path in half.iterdir():
        path.chmod(0o440)
    half.chmod(0o550)
    os.rename(half, home / f"v{number}")  # the moment at which the extract is there
    _sync(home)
    return Registered(read(home / f"v{number}"), f"{home.name}/v{number}", made=True)


def _same(folder: Path, content: dict[str, Any]) -> ExtractManifest | None:
    """The undamaged extract in ``folder``, where its content but for the version is ``content``."""
    try:
        manifest = read(folder)
        if {**manifest.document, "version": None} != content:
            return None
        return verify(folder, manifest.digest)
    except ExtractDamaged:
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
        folder.chmod(0o700)
        shutil.rmtree(folder)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
