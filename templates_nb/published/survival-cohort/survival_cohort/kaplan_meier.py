"""Kaplan-Meier estimates, numbers at risk, median follow-up, log-rank test. Times in years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import median_survival_times

FEWEST_AT_RISK = 10
"""Below it an estimate says little about the cohort and much about the people who are left."""


@dataclass(frozen=True)
class Curve:
    """One group's estimate; ``steps`` has the columns time, survival, lower, upper."""

    group: str
    persons: int
    events: int
    median: float
    median_lower: float
    median_upper: float
    steps: pd.DataFrame
    years: np.ndarray

    @property
    def end(self) -> float:
        """The last time at which enough people are at risk."""
        return float(np.sort(self.years)[-min(FEWEST_AT_RISK, len(self.years))])

    def survival_at(self, time: float) -> tuple[float, float, float]:
        """Survival at ``time`` with its 95% interval; not a number beyond `end`."""
        if time > self.end:
            return (np.nan, np.nan, np.nan)
        row = self.steps[self.steps["time"] <= time].iloc[-1]
        return float(row["survival"]), float(row["lower"]), float(row["upper"])

    def at_risk(self, time: float) -> int:
        """Persons still followed just before ``time``."""
        return int((self.years >= time).sum())


def curve(years: pd.Series, event: pd.Series, group: str = "") -> Curve:
    """The estimate with 95% intervals by the exponential Greenwood (log-log) formula."""
    fitter = KaplanMeierFitter().fit(years, event, label="survival")
    interval = fitter.confidence_interval_survival_function_
    steps = pd.DataFrame(
        {
            "time": fitter.survival_function_.index,
            "survival": fitter.survival_function_["survival"].to_numpy(),
            "lower": interval.iloc[:, 0].to_numpy(),
            "upper": interval.iloc[:, 1].to_numpy(),
        }
    )
    limits = median_survival_times(interval).iloc[0].astype(float)
    return Curve(
        group=group,
        persons=len(years),
        events=int(event.sum()),
        median=float(fitter.median_survival_time_),
        median_lower=float(limits.min()),
        median_upper=float(limits.max()),
        steps=steps,
        years=years.to_numpy(),
    )


def by_group(cohort: pd.DataFrame, group: str, groups: list[str]) -> list[Curve]:
    """One curve a group, in the order of ``groups``."""
    parts = [(name, cohort[cohort[group] == name]) for name in groups]
    return [curve(part["years"], part["event"], name) for name, part in parts]


def log_rank(cohort: pd.DataFrame, group: str) -> tuple[float, int, float]:
    """Statistic, degrees of freedom and p value of the log-rank test over all groups."""
    known = cohort.dropna(subset=[group])
    result = multivariate_logrank_test(known["years"], known[group], known["event"])
    return float(result.test_statistic), int(result.degrees_of_freedom), float(result.p_value)


def median_follow_up(cohort: pd.DataFrame) -> float:
    """Median follow-up by reverse Kaplan-Meier (Schemper & Smith, Control Clin Trials 1996;17:343)."""
    return float(KaplanMeierFitter().fit(cohort["years"], 1 - cohort["event"]).median_survival_time_)


def table(curves: list[Curve], times: list[float]) -> pd.DataFrame:
    """One row a curve and time: persons, events, median and survival with intervals, number at risk."""
    rows = []
    for each in curves:
        for time in times:
            survival, lower, upper = each.survival_at(time)
            rows.append(
                {
                    "group": each.group,
                    "persons": each.persons,
                    "events": each.events,
                    "median_years": each.median,
                    "median_lower": each.median_lower,
                    "median_upper": each.median_upper,
                    "years": time,
                    "at_risk": each.at_risk(time) if time <= each.end else None,
                    "survival": survival,
                    "lower": lower,
                    "upper": upper,
                }
            )
    return pd.DataFrame(rows)
