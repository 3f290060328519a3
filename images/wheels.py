"""Fetching locked wheels outside the build, with pip as the host has it configured."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
import venv
from pathlib import Path

from images.console import Stop, run, say
from images.recipe import ROOT

PYTHON = "3.11"
"""The interpreter of Debian 12's images; the host's own may differ in the last number."""


def build_python(var: Path) -> Path:
    """The interpreter of the small environment that holds pip and the build backend, locked."""
    folder = var / "build-venv"
    lock = ROOT / "requirements/build.txt"
    python = folder / "bin/python"
    mark = folder / "ready"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == digest:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    say("making the build's own Python environment")
    try:
        venv.create(folder, with_pip=True)
    except Exception as error:
        raise Stop(
            "Python can't make a virtual environment; mend it with: apt-get install python3-venv"
        ) from error
    run(
        [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)],
        why="The build tools could not be fetched",
    )
    mark.write_text(digest)
    return python


def platforms() -> list[str]:
    """The wheel platforms that Debian 12 (glibc 2.36) runs, newest first (PEP 600)."""
    machine = platform.machine()
    legacy = [f"manylinux2014_{machine}", f"manylinux2010_{machine}", f"manylinux1_{machine}"]
    return [*(f"manylinux_2_{minor}_{machine}" for minor in range(36, 4, -1)), *legacy, f"linux_{machine}"]


def _names(lock: Path) -> set[str]:
    return set(re.findall(r"^([A-Za-z0-9._-]+)==", lock.read_text(), re.MULTILINE))


def fetch(requirements: str, var: Path) -> Path:
    """A folder with the wheels of ``requirements/<requirements>.txt`` and pip's own, each checked.

    Every file's SHA-256 is compared with the lock by pip here, and again inside the build.
    """
    lock = ROOT / f"requirements/{requirements}.txt"
    folder = var / "wheels" / requirements
    mark = folder.with_suffix(".ready")
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    python = build_python(var)
    if mark.exists() and mark.read_text() == digest:
        return folder
    say(f"fetching {len(_names(lock))} locked wheels for {requirements}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target = [
        "--only-binary=:all:",
        "--implementation=cp",
        f"--python-version={PYTHON}",
        "--abi=cp311",
        "--abi=abi3",
    ]
    target += ["--abi=none", *(f"--platform={name}" for name in platforms())]
    run(
        [str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", *target]
        + ["--dest", str(folder), "-r", str(lock)],
        why=f"The wheels of {requirements} could not be fetched; is a package index configured for pip?",
        log=var / "log" / f"wheels-{requirements}.log",
    )
    _add_pip(folder, python, var)
    mark.write_text(digest)
    return folder


def _add_pip(folder: Path, python: Path, var: Path) -> None:
    """pip.whl: the build runs pip out of its own wheel, so that no image holds pip."""
    lock = ROOT / "requirements/build.txt"
    version = re.search(r"^pip==(\S+) \\", lock.read_text(), re.MULTILINE)
    if version is None:
        raise Stop("requirements/build.txt names no pip; write it anew with: make lock")
    store = var / "wheels" / "build"
    if not list(store.glob("pip-*.whl")):
        store.mkdir(parents=True, exist_ok=True)
        run(
            [
                str(python),
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--require-hashes",
                "--only-binary=:all:",
            ]
            + ["--dest", str(store), "-r", str(lock)],
            why="pip's wheel could not be fetched",
        )
    os.link(next(store.glob(f"pip-{version[1]}-*.whl")), folder / "pip.whl")


if __name__ == "__main__":
    fetch(sys.argv[1], ROOT / "var")
