"""From the rows read to the cohort: the endpoint, and each rule with the rows that it leaves out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .cohort import as_event
from .settings import HALF_A_DAY, YEARS_PER_UNIT, AnalysisError, Settings

FEWEST_EVENTS = 10


@dataclass(frozen=True)
class Cleaned:
    """The cohort: ``years`` and ``event`` (0/1), the group and the covariates, one row a person."""

    cohort: pd.DataFrame
    flow: pd.DataFrame
    """One row a rule: ``rule``, ``left_out``, ``remaining``."""
    zero_times: int
    """Rows whose follow-up of nothing was set to half a day."""
    late_events: int
    """Composite endpoint: events seen only after the other endpoint's follow-up had ended."""


def clean(frame: pd.DataFrame, settings: Settings) -> Cleaned:
    """Apply the rules in order; raises `AnalysisError` if too few events remain for any model."""
    rules = []
    kept = frame

    def keep(rule: str, wanted: pd.Series) -> None:
        nonlocal kept
        before = len(kept)
        kept = kept[wanted]
        rules.append({"rule": rule, "left_out": before - len(kept), "remaining": len(kept)})

    keep("rule_read", pd.Series(True, index=kept.index))
    if settings.id_column:
        identity = kept[settings.id_column]
        keep("rule_duplicate", identity.isna() | ~identity.duplicated())
    events = [name for name in (settings.event, settings.event_2) if name]
    times = [name for name in (settings.time, settings.time_2) if name]
    keep("rule_missing_outcome", kept[list(settings.outcome)].notna().all(axis=1))
    keep("rule_bad_event", pd.concat([as_event(kept[n]).notna() for n in events], axis=1).all(axis=1))
    keep("rule_negative_time", (kept[times].astype(float) >= 0).all(axis=1))
    years, event, late = endpoint(kept, settings)
    zero = years == 0
    cohort = kept[list(dict.fromkeys(c for c in (settings.group, *settings.covariates) if c))].copy()
    for name in settings.numeric:
        cohort[name] = cohort[name].astype(float)
    for name in {*settings.categorical, *([settings.group] if settings.group else [])}:
        cohort[name] = as_level(cohort[name])
    # A time of zero carries an event but no time at risk, which models cannot use.
    cohort.insert(0, "years", np.where(zero, HALF_A_DAY, years))
    cohort.insert(1, "event", event.astype(int))
    if cohort["event"].sum() < FEWEST_EVENTS:
        raise AnalysisError(
            f"only {cohort['event'].sum()} events remain after cleaning; at least {FEWEST_EVENTS} are needed"
        )
    return Cleaned(cohort.reset_index(drop=True), pd.DataFrame(rules), int(zero.sum()), late)


def as_level(values: pd.Series) -> pd.Series:
    """A categorical column's values as text, as the dictionary's codes write them; missing stays missing."""
    if pd.api.types.is_float_dtype(values):
        # Whole numbers with missing values arrive as floats: 1.0 is the code 1.
        whole = values.dropna().mod(1).eq(0).all()
        values = values.astype("Int64") if whole else values
    elif pd.api.types.is_bool_dtype(values):
        values = values.astype("Int64")
    return values.astype("string").astype(object).where(values.notna(), None)


def endpoint(frame: pd.DataFrame, settings: Settings) -> tuple[pd.Series, pd.Series, int]:
    """Follow-up in years, event (0/1), and the number of late events.

    A composite endpoint is the earliest of the two events; without either, follow-up ends when the
    first of the two does.
    """
    scale = YEARS_PER_UNIT[settings.unit]
    time, event = frame[settings.time].astype(float), as_event(frame[settings.event])
    if settings.time_2 is None or settings.event_2 is None:
        return time * scale, event, 0
    time_2, event_2 = frame[settings.time_2].astype(float), as_event(frame[settings.event_2])
    first = np.minimum(time.where(event == 1, np.inf), time_2.where(event_2 == 1, np.inf))
    happened = np.isfinite(first)
    years = first.where(happened, np.minimum(time, time_2)) * scale
    late = ((event == 0) & (event_2 == 1) & (time < time_2)) | (
        (event_2 == 0) & (event == 1) & (time_2 < time)
    )
    return years, happened.astype(float), int(late.sum())
