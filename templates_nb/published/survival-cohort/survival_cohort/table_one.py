"""Table 1: the cohort by group, with a test and a standardised mean difference for each variable."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

ALL = ""
"""The group that is everybody."""


@dataclass(frozen=True)
class TableOne:
    """``values``: one row for each variable, level and group; ``tests``: one row a variable."""

    values: pd.DataFrame
    tests: pd.DataFrame
    groups: tuple[str, ...]


def build(
    cohort: pd.DataFrame,
    group: str | None,
    numeric: tuple[str, ...],
    categorical: tuple[str, ...],
    levels: dict[str, list[str]],
) -> TableOne:
    """Describe ``cohort`` as a whole and by ``group``; persons without a group count in the whole only."""
    groups = levels[group] if group else []
    parts = {ALL: cohort} | {name: cohort[cohort[group] == name] for name in groups}
    rows: list[dict[str, object]] = []
    tests: list[dict[str, object]] = []
    for name in (*numeric, *categorical):
        if name == group:
            continue
        for part, frame in parts.items():
            place = {"variable": name, "group": part}
            if name in numeric:
                rows.append(place | describe_numeric(frame[name]))
            else:
                rows.extend(place | row for row in describe_categorical(frame[name], levels[name]))
        if len(groups) > 1:
            by_group = [parts[each][name].dropna() for each in groups]
            if name in numeric:
                tests.append({"variable": name} | test_numeric(by_group))
            else:
                counts = np.array([[np.sum(v == level) for level in levels[name]] for v in by_group])
                tests.append({"variable": name} | test_categorical(counts))
    return TableOne(pd.DataFrame(rows), pd.DataFrame(tests), tuple(groups))


def describe_numeric(values: pd.Series) -> dict[str, object]:
    """Number, mean, SD (n-1), median, quartiles and missing values of a column."""
    there = values.dropna()
    q1, median, q3 = there.quantile([0.25, 0.5, 0.75])
    return {
        "level": None,
        "n": len(there),
        "mean": there.mean(),
        "sd": there.std(),
        "median": median,
        "q1": q1,
        "q3": q3,
        "missing": len(values) - len(there),
    }


def describe_categorical(values: pd.Series, levels: list[str]) -> list[dict[str, object]]:
    """Count and percentage (of those not missing) of each level."""
    counts = values.value_counts()
    total = int(values.notna().sum())
    return [
        {
            "level": level,
            "n": int(counts.get(level, 0)),
            "percent": 100 * counts.get(level, 0) / total if total else np.nan,
            "missing": len(values) - total,
        }
        for level in levels
    ]


def test_numeric(groups: list[pd.Series]) -> dict[str, object]:
    """Mann-Whitney U for two groups, Kruskal-Wallis for more; and the SMD."""
    groups = [group.astype(float) for group in groups]
    smd = max(smd_numeric(a, b) for a, b in combinations(groups, 2))
    if min(len(group) for group in groups) < 2 or np.ptp(np.concatenate(groups)) == 0:
        return {"test": None, "p": np.nan, "smd": smd}
    if len(groups) == 2:
        return {"test": "mann_whitney", "p": float(stats.mannwhitneyu(*groups).pvalue), "smd": smd}
    return {"test": "kruskal_wallis", "p": float(stats.kruskal(*groups).pvalue), "smd": smd}


def test_categorical(counts: np.ndarray) -> dict[str, object]:
    """Pearson's chi-squared, or Fisher's exact test for a 2 x 2 table with an expected count under 5.

    ``counts`` has one row a group, one column a level.
    """
    smd = max(smd_categorical(a, b) for a, b in combinations(counts, 2))
    table = counts[:, counts.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return {"test": None, "p": np.nan, "smd": smd}
    chi = stats.chi2_contingency(table, correction=False)
    if table.shape == (2, 2) and chi.expected_freq.min() < 5:
        return {"test": "fisher", "p": float(stats.fisher_exact(table).pvalue), "smd": smd}
    return {"test": "chi_squared", "p": float(chi.pvalue), "smd": smd}


def smd_numeric(a: pd.Series, b: pd.Series) -> float:
    """Absolute difference of means over the pooled SD (Austin, Stat Med 2009;28:3083)."""
    spread = np.sqrt((a.var() + b.var()) / 2)
    return float(abs(a.mean() - b.mean()) / spread) if spread > 0 else np.nan


def smd_categorical(a: np.ndarray, b: np.ndarray) -> float:
    """The multinomial generalisation (Yang & Dalton, SAS Global Forum 2012, paper 335)."""
    if a.sum() == 0 or b.sum() == 0:
        return np.nan
    # One level is left out: the proportions sum to one.
    p, q = (a / a.sum())[1:], (b / b.sum())[1:]
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    difference = p - q
    return float(np.sqrt(difference @ np.linalg.pinv(covariance) @ difference))
