"""How far a run is: ``progress.jsonl``, one JSON object a line, written as it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import locales
from templates_nb import notebook
from templates_nb.manifest import Stage

FILE = "progress.jsonl"


def now() -> str:
    """The time in UTC, ISO 8601, whole seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def both(message: str) -> dict[str, str]:
    """One of the runner's own messages in both languages."""
    return {"en": locales.text("en", message), "zh": locales.text("zh_CN", message)}


class Progress:
    """Writes the lines; ``cells`` counts code cells only, since only they take time."""

    def __init__(self, folder: Path, stages: Sequence[Stage]) -> None:
        self._file = (folder / FILE).open("w", encoding="utf-8", buffering=1)
        self._titles = {stage.name: stage.title for stage in stages}
        self._stage = "start"
        self.cell = 0
        self.cells = 0

    def say(self, stage: str, message: Mapping[str, str]) -> None:
        """Write one line."""
        line = {
            "time": now(),
            "stage": stage,
            "cell": self.cell,
            "cells": self.cells,
            "message": dict(message),
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def cell_started(self, cell: Mapping[str, Any], cell_index: int) -> None:
        """nbclient's ``on_cell_start``: a cell without a stage tag belongs to the stage before it."""
        del cell_index  # counts text cells too
        stage = notebook.stage_of(cell)
        self._stage = stage or self._stage
        if cell["cell_type"] != "code":
            return
        self.cell += 1
        self.say(self._stage, self._titles.get(self._stage) or both("Starting the kernel"))

    def close(self) -> None:
        """No more lines."""
        self._file.close()
