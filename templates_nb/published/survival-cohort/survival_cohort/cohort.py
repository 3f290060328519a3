"""What was read, and how good it is: missing values, ranges, duplicates, impossible values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .settings import Settings


@dataclass(frozen=True)
class Impossible:
    """How many rows break a rule that no real person can break."""

    duplicates: int
    negative_times: int
    bad_events: int


def columns(frame: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """One row a column: missing values, distinct values, and for numbers their quartiles and tails.

    The tails are the 1st and 99th percentiles: a minimum or maximum is one person's value.
    """
    rows = []
    numbers = {*settings.numeric, settings.time, settings.time_2}
    for name in frame.columns:
        values = frame[name]
        row = {
            "column": name,
            "rows": len(values),
            "missing": int(values.isna().sum()),
            "distinct": int(values.nunique()),
        }
        if name in numbers:
            quantiles = values.astype(float).quantile([0.01, 0.25, 0.5, 0.75, 0.99]).tolist()
            row |= dict(zip(("p1", "q1", "median", "q3", "p99"), quantiles, strict=True))
        rows.append(row)
    return pd.DataFrame(rows).reindex(
        columns=["column", "rows", "missing", "distinct", "p1", "q1", "median", "q3", "p99"]
    )


def as_event(values: pd.Series) -> pd.Series:
    """0 or 1 as float; anything else (but 0/1, true/false, also as text) becomes missing."""
    texts = values.astype("string").str.strip().str.lower()
    coded = texts.map({"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0, "false": 0.0, "true": 1.0})
    return coded.astype(float)


def impossible(frame: pd.DataFrame, settings: Settings) -> Impossible:
    """Count the rows that the cleaning rules will meet."""
    times = [name for name in (settings.time, settings.time_2) if name is not None]
    events = [name for name in (settings.event, settings.event_2) if name is not None]
    duplicates = frame[settings.id_column].dropna().duplicated().sum() if settings.id_column else 0
    return Impossible(
        duplicates=int(duplicates),
        negative_times=int(np.any([frame[name].astype(float) < 0 for name in times], axis=0).sum()),
        bad_events=int(np.any([frame[n].notna() & as_event(frame[n]).isna() for n in events], axis=0).sum()),
    )
