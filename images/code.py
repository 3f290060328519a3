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
        archive.extractall(folder)
    _trim_metadata(next(folder.glob("carrel-*.dist-info")))
    return folder


def _trim_metadata(folder: Path) -> None:
    """Keep name, version and entry points: the rest changes with the README, and every image with it."""
    for file in folder.rglob("*"):
        if file.is_file() and file.name not in ("METADATA", "entry_points.txt"):
            file.unlink()
    metadata = folder / "METADATA"
    kept = ("Metadata-Version:", "Name:", "Version:")
    fields = metadata.read_text().partition("\n\n")[0]
    lines = [line for line in fields.splitlines() if line.startswith(kept)]
    metadata.write_text("\n".join(lines) + "\n")


def parts(code: Path, packages: tuple[str, ...]) -> list[Path]:
    """The folders of ``code`` that an image with ``packages`` takes."""
    return [*(code / package for package in packages), *code.glob("carrel-*.dist-info")] if packages else []
