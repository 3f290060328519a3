"""What the tests of contents share: a manager over a folder, hostile entries, a process that swaps names."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from traitlets.config import Config

from export_guard.contents.manager import GuardedContentsManager

SECRET = "the secret outside of the workspace"

# Exchanges two names as fast as it can, in a process of its own so that no lock of Python is shared,
# and puts back what the desk removed. renameat2 with RENAME_EXCHANGE: neither name is ever absent.
SWAPPER = """
import ctypes, os, shutil, sys
first, second, target, kind = sys.argv[1:]
library = ctypes.CDLL(None)
print("ready", flush=True)
while True:
    for _ in range(200):
        library.renameat2(-100, os.fsencode(first), -100, os.fsencode(second), 2)
    if kind == "file" and not os.path.islink(first) and not os.path.islink(second):
        # The desk won, and its rename took the place of the link.
        try:
            os.unlink(second)
        except OSError:
            pass
    for name in (first, second):
        if os.path.lexists(name):
            continue
        other = second if name == first else first
        try:
            if os.path.islink(other) or not os.path.lexists(other):
                if kind == "folder":
                    os.mkdir(name)
                    open(name + "/secret.txt", "w").write("harmless")
                else:
                    open(name, "w").write("harmless")
            else:
                os.symlink(target, name)
        except OSError:
            pass
"""


def unfiltered(notebook: dict[str, Any]) -> dict[str, Any]:
    """Stands for the filter of outputs, which is tested elsewhere."""
    return notebook


def make_manager(folder: Path, *, config: Config | None = None, **options: Any) -> GuardedContentsManager:
    """A manager over ``folder/workspace``, with its checkpoints beside it."""
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    settings = Config({"DeskCheckpoints": {"folder": str(folder / "checkpoints")}})
    settings.merge(config or Config())
    options = {"filter_notebook": unfiltered, "language": "en"} | options
    return GuardedContentsManager(root_dir=str(workspace), config=settings, **options)


def notebook(*sources: str, **more: Any) -> dict[str, Any]:
    """A notebook of code cells without outputs."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells} | more


def text_model(content: str) -> dict[str, Any]:
    return {"type": "file", "format": "text", "content": content}


def notebook_model(content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "notebook", "format": "json", "content": content}


def fill_with_hostile_entries(workspace: Path, outside: Path) -> dict[str, str]:
    """One of each kind that must not be opened, by name, with the reason for each."""
    (outside / "secret.txt").write_text(SECRET)
    (workspace / "absolute.txt").symlink_to(outside / "secret.txt")
    relative = os.path.relpath(outside / "secret.txt", workspace)
    (workspace / "relative.txt").symlink_to(relative)
    (workspace / "to-folder").symlink_to(outside)
    (workspace / "dangling.txt").symlink_to("nowhere")
    (workspace / "loop.txt").symlink_to("loop.txt")
    (workspace / "notebook.ipynb").symlink_to(outside / "secret.txt")
    os.mkfifo(workspace / "pipe.txt")
    bound = socket.socket(socket.AF_UNIX)
    # A socket's address is short; the name in the workspace is what counts.
    with contextlib.chdir(workspace):
        bound.bind("socket.txt")
    bound.close()
    os.link(outside / "secret.txt", workspace / "hard.txt")
    kinds = {"pipe.txt": "special", "socket.txt": "special", "hard.txt": "hard-link"}
    links = ("absolute.txt", "relative.txt", "to-folder", "dangling.txt", "loop.txt", "notebook.ipynb")
    return kinds | dict.fromkeys(links, "link")


def state_of(folder: Path) -> dict[str, str]:
    """Each file below ``folder`` with the digest of its content."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@contextlib.contextmanager
def swapping(first: Path, second: Path, target: Path, kind: str) -> Iterator[None]:
    """While it lasts, ``first`` and ``second`` (a link to ``target``) change places all the time."""
    command = [sys.executable, "-c", SWAPPER, str(first), str(second), str(target), kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield
    finally:
        assert process.poll() is None, "the swapper died, so nothing was tested"
        process.kill()
        process.wait()
        process.stdout.close()


def as_user(user: int, group: int, groups: list[int], action: Callable[[], None]) -> str:
    """Run ``action`` in a child of another user; '' or what went wrong. Needs root."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        problem = ""
        try:
            os.setgroups(groups)
            os.setgid(group)
            os.setuid(user)
            os.umask(0o007)
            action()
        except BaseException as error:
            problem = f"{type(error).__name__}: {error}"
        os.write(writer, problem.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        problem = answer.read().decode()
    os.waitpid(child, 0)
    return problem


def until(seconds: float) -> Iterator[int]:
    """Counts as long as the time lasts."""
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1
