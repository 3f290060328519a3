"""The run's parameters under one name, and the table they are about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

YEARS_PER_UNIT = {"days": 1 / 365.25, "months": 1 / 12, "years": 1.0}
HALF_A_DAY = 0.5 / 365.25
"""Years."""


class AnalysisError(ValueError):
    """The data cannot answer the question asked; one line says why and what to change."""


@dataclass(frozen=True)
class Settings:
    """What to analyse; column names are the extract's."""

    time: str
    event: str
    unit: str
    group: str | None
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    horizon: float
    """Years."""
    missing: str = "complete_cases"
    effect: str = "round_step"
    test_fraction: float = 0.3
    seed: int = 1
    id_column: str | None = None
    time_2: str | None = None
    event_2: str | None = None

    def __post_init__(self) -> None:
        if (self.time_2 is None) != (self.event_2 is None):
            raise AnalysisError("second time and second event belong together: give both, or neither")
        if not self.covariates:
            raise AnalysisError("no covariate is chosen: choose at least one numeric or categorical column")
        both = set(self.numeric) & set(self.categorical)
        if both:
            raise AnalysisError(f"{min(both)} is chosen as numeric and as categorical: keep one")
        outcome = {self.time, self.event, self.time_2, self.event_2} - {None}
        used = outcome & {*self.covariates, self.group}
        if used:
            raise AnalysisError(
                f"{min(map(str, used))} is the outcome and also a covariate or the group: keep one"
            )

    @property
    def covariates(self) -> tuple[str, ...]:
        """Numeric and categorical covariates, in that order."""
        return (*self.numeric, *self.categorical)

    @property
    def outcome(self) -> tuple[str, ...]:
        """The time and event columns that the endpoint needs."""
        return tuple(c for c in (self.time, self.event, self.time_2, self.event_2) if c is not None)

    @property
    def columns(self) -> list[str]:
        """Every column to read, once."""
        names = (self.id_column, *self.outcome, self.group, *self.covariates)
        return list(dict.fromkeys(name for name in names if name is not None))


def read_extract(data_folder: str, extract: str) -> dict[str, Any]:
    """The manifest of a mounted extract."""
    path = Path(data_folder, extract, "extract.json")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def table_of(manifest: dict[str, Any], table: str) -> dict[str, Any]:
    """One table's entry in an extract's manifest."""
    found: dict[str, Any] = next(entry for entry in manifest["tables"] if entry["name"] == table)
    return found


def read_table(data_folder: str, manifest: dict[str, Any], table: str, columns: list[str]) -> pd.DataFrame:
    """The columns of a table, in the extract's order of rows."""
    path = Path(data_folder, manifest["name"], table_of(manifest, table)["file"])
    return pd.read_parquet(path, columns=columns)
