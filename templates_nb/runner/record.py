"""``run.json``: what ran on what, and the digest of everything it left."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from templates_nb.digest import file_digest
from templates_nb.manifest import Output

FILE = "run.json"
SCHEMA = "carrel.run/1"
PACKAGES = (
    "duckdb",
    "ipykernel",
    "lifelines",
    "matplotlib",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "shap",
    "statsmodels",
)


class OutputMissingError(ValueError):
    """The run left no file for an output that the template's manifest promises."""


def packages() -> dict[str, str]:
    """The versions of the libraries that results depend on, as installed here."""
    return dict(_versions())


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue


def outputs(folder: Path, declared: Sequence[Output], *, partial: bool = False) -> list[dict[str, Any]]:
    """The files under ``folder`` that the manifest declares, with size, digest and disclosure class.

    A file that no entry declares is not an output; one that two declare belongs to the first. Raises
    `OutputMissingError` unless the entry is optional or the run is ``partial``.
    """
    found: dict[str, dict[str, Any]] = {}
    for output in declared:
        # Links are never outputs: what they point to is not what the run left.
        paths = [
            path for path in sorted(folder.glob(output.path)) if path.is_file() and not path.is_symlink()
        ]
        if not paths and not (output.optional or partial):
            raise OutputMissingError(f"the run left no {output.path}, which the template promises")
        for path in paths:
            relative = path.relative_to(folder).as_posix()
            entry = {
                "path": relative,
                "bytes": path.stat().st_size,
                "sha256": file_digest(path).removeprefix("sha256:"),
                "media_type": output.media_type,
                "disclosure": output.disclosure,
                "title": output.title,
            }
            found.setdefault(relative, entry)
    return list(found.values())


def write(folder: Path, document: dict[str, Any]) -> None:
    """Write ``run.json`` atomically; its being there means that the run is over."""
    unfinished = folder / f".{FILE}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump({"schema": SCHEMA} | document, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / FILE)
