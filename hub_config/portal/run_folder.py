"""Reading what a run left in its folder. An engine wrote it: nothing in it is believed.

Files are opened part by part without following links, are bounded in size, and every value is checked
before anything else sees it.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from provisioning.settings import data_root

RECORD = "run.json"
PROGRESS = "progress.jsonl"
LARGEST_RECORD = 4 * 1024 * 1024
LARGEST_FILE = 20 * 1024 * 1024
PROGRESS_TAIL = 64 * 1024
"""All three in bytes."""
MOST_OUTPUTS = 500
LONGEST_TEXT = 300

_FILE = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,100}"
_KINDS = (
    ("report", re.compile(r"report\.html")),
    ("figure", re.compile(rf"figures/{_FILE}\.(png|svg)")),
    ("table", re.compile(rf"tables/{_FILE}\.csv")),
)

Titles = dict[str, str]
"""``{"en": …, "zh": …}``."""


class Unreadable(Exception):
    """Not there, not a regular file, or too large."""


@dataclass(frozen=True)
class OutputFile:
    """One output that the portal can show; ``kind`` is report, figure or table."""

    path: str
    kind: str
    title: Titles


@dataclass(frozen=True)
class Progress:
    """How far a run is; ``cells`` is 0 while that is unknown."""

    stage: str
    cell: int
    cells: int
    message: Titles


@dataclass(frozen=True)
class RunRecord:
    """What ``run.json`` says, as far as the portal uses it."""

    outputs: tuple[OutputFile, ...]
    packages: dict[str, str]


def run_folder(project: str, run_id: str) -> Path:
    """Where a run's engine writes."""
    return data_root() / "runs" / project / run_id


def open_inside(folder: Path, path: str, limit: int = LARGEST_FILE) -> BufferedReader:
    """Open the regular file ``path`` (parts joined by ``/``) below ``folder``. Raises `Unreadable`."""
    *folders, name = path.split("/")
    if any(part in ("", ".", "..") for part in (*folders, name)):
        raise Unreadable(path)
    held: list[int] = []
    try:
        held.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))
        for part in folders:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            held.append(os.open(part, flags, dir_fd=held[-1]))
        # Not waiting for ever on a pipe.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(name, flags, dir_fd=held[-1])
    except (OSError, ValueError) as error:
        raise Unreadable(path) from error
    finally:
        for each in held:
            os.close(each)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
        os.close(descriptor)
        raise Unreadable(path)
    return os.fdopen(descriptor, "rb")


def read_inside(folder: Path, path: str, limit: int = LARGEST_FILE) -> bytes:
    """The whole file, at most ``limit`` bytes. Raises `Unreadable`."""
    with open_inside(folder, path, limit) as file:
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise Unreadable(path) from error
    if len(content) > limit:  # it grew meanwhile
        raise Unreadable(path)
    return content


def progress(folder: Path) -> Progress | None:
    """The last whole line of ``progress.jsonl`` that makes sense, or None."""
    try:
        # A large file is no reason to show nothing: only its end is read.
        with open_inside(folder, PROGRESS, limit=1 << 62) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - PROGRESS_TAIL))
            tail = file.read(PROGRESS_TAIL)
    except (Unreadable, OSError):
        return None
    whole = tail[: tail.rfind(b"\n") + 1].splitlines()
    for line in reversed(whole[-50:]):
        document = _json(line)
        if not isinstance(document, dict):
            continue
        stage = document.get("stage")
        cell, cells = _count(document.get("cell")), _count(document.get("cells"))
        message = _titles(document.get("message"))
        if isinstance(stage, str) and len(stage) <= 64 and message is not None:
            return Progress(stage, min(cell, cells), cells, message)
    return None


def record(folder: Path) -> RunRecord | None:
    """``run.json``, or None where it is not there or no such thing."""
    try:
        document = _json(read_inside(folder, RECORD, LARGEST_RECORD))
    except Unreadable:
        return None
    if not isinstance(document, dict):
        return None
    listed = document.get("outputs")
    outputs: dict[str, OutputFile] = {}
    for entry in listed[:MOST_OUTPUTS] if isinstance(listed, list) else []:
        output = _output(entry)
        if output is not None:
            outputs.setdefault(output.path, output)
    packages = document.get("packages")
    return RunRecord(
        tuple(outputs.values()),
        {
            name: version
            for name, version in list(packages.items() if isinstance(packages, dict) else ())[:50]
            if isinstance(version, str) and len(name) <= 64 and len(version) <= 64 and _sane(name + version)
        },
    )


def kind_of(path: str) -> str | None:
    """Whether ``path`` can be a report, figure or table."""
    return next((kind for kind, pattern in _KINDS if pattern.fullmatch(path)), None)


def figures(outputs: Sequence[OutputFile]) -> list[OutputFile]:
    """One image a figure: where it is there as PNG and as SVG, the PNG."""
    found = {output.path: output for output in outputs if output.kind == "figure"}
    return [
        output
        for path, output in found.items()
        if path.endswith(".png") or path.removesuffix(".svg") + ".png" not in found
    ]


def _output(entry: Any) -> OutputFile | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        return None
    path = entry["path"]
    kind = kind_of(path)
    if kind is None:
        return None
    return OutputFile(path, kind, _titles(entry.get("title")) or {"en": path, "zh": path})


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _count(value: Any) -> int:
    return min(max(value, 0), 100_000) if isinstance(value, int) and not isinstance(value, bool) else 0


def _titles(value: Any) -> Titles | None:
    if not isinstance(value, dict):
        return None
    titles = {language: value.get(language) for language in ("en", "zh")}
    if all(isinstance(title, str) and title and _sane(title) for title in titles.values()):
        return {language: str(title)[:LONGEST_TEXT] for language, title in titles.items()}
    return None


def _sane(text: str) -> bool:
    """Whether it can be written as UTF-8: JSON can spell half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
