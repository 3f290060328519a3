"""Carrel's own packages, built as a wheel and unpacked for an image."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from images import wheels
from images.console import run
from images.recipe import ROOT


def unpacked(var: Path) -> Path:
    """A folder with the wheel's content: packages and metadata, entry points among them."""
    built = var / "dist"
    folder = var / "code"
    shutil.rmtree(built, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    python = wheels.build_python(var)
    run(
        [str(python), "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
        + ["--wheel-dir", str(built), str(ROOT)],
        why="Carrel's own wheel could not be built",
    )
    with zipfile.ZipFile(next(built.glob("carrel-*.whl"))) as archive:
        archive.extractall(folder)  # noqa: S202 (our own wheel)
    return folder
