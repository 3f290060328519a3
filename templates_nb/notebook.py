"""A template's notebook: one cell tagged ``parameters``, stages as cell tags, and no outputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "notebook.ipynb"
STAGE_TAG = "stage:"


class NotebookError(ValueError):
    """One line: the file, the cell, and the fix."""


def stage_of(cell: Mapping[str, Any]) -> str | None:
    """The stage that a cell's tag names."""
    for tag in cell.get("metadata", {}).get("tags", []):
        if tag.startswith(STAGE_TAG):
            return tag.removeprefix(STAGE_TAG)
    return None


def check(path: Path, stages: list[str]) -> None:
    """Check the notebook against its manifest's stages; raises `NotebookError`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotebookError(
            f"{path}: cannot be read ({error.strerror}); a template needs this file"
        ) from None
    except ValueError:
        raise NotebookError(f"{path}: not a notebook (JSON); save it again from Jupyter") from None
    if not isinstance(document, dict) or document.get("nbformat") != 4:
        raise NotebookError(f"{path}: nbformat must be 4; save it again from a current Jupyter")
    cells = document.get("cells", [])
    for number, cell in enumerate(cells, start=1):
        if cell.get("outputs") or cell.get("execution_count"):
            raise NotebookError(f"{path}: cell {number}: has outputs; clear all outputs and save")
        stage = stage_of(cell)
        if stage is not None and stage not in stages:
            raise NotebookError(f"{path}: cell {number}: stage {stage!r} is not in the manifest's stages")
    used = {stage_of(cell) for cell in cells}
    for stage in stages:
        if stage not in used:
            raise NotebookError(f"{path}: no cell has the tag {STAGE_TAG}{stage}; add it or remove the stage")
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise NotebookError(f"{path}: {len(tagged)} cells have the tag parameters; exactly one must")
