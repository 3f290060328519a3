"""From the cohort's columns to a model's matrix: levels, missing values, steps, standardisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .labels import Labels
from .settings import AnalysisError, Settings


@dataclass(frozen=True)
class Term:
    """One column of the matrix: a numeric variable per ``step``, or a level against the reference."""

    variable: str
    level: str | None = None
    reference: str | None = None
    step: float = 1.0


@dataclass(frozen=True)
class Coding:
    """How columns become terms; learnt from some rows, applied to any."""

    terms: tuple[Term, ...]
    fill: dict[str, object]
    """Median or most frequent level for each variable; empty means complete cases only."""

    def matrix(self, cohort: pd.DataFrame) -> pd.DataFrame:
        """One column a term (named by its position), one row a usable person; the index is kept."""
        variables = list(dict.fromkeys(term.variable for term in self.terms))
        filled = cohort[variables].fillna(self.fill) if self.fill else cohort[variables].dropna()
        columns = {}
        for position, term in enumerate(self.terms):
            values = filled[term.variable]
            columns[f"x{position}"] = (
                values.astype(float) / term.step
                if term.level is None
                else (values == term.level).astype(float)
            )
        return pd.DataFrame(columns, index=filled.index)


def levels(cohort: pd.DataFrame, names: tuple[str, ...], labels: Labels) -> dict[str, list[str]]:
    """Each categorical column's values that occur: in the dictionary's order, others sorted after."""
    found = {}
    for name in names:
        there = set(cohort[name].dropna())
        coded = [code for code in labels.codes(name) if code in there]
        found[name] = coded + sorted(there - set(coded))
        if len(found[name]) > 20:
            raise AnalysisError(
                f"{name} has {len(found[name])} values; a categorical column may have 20 at most"
            )
    return found


def learn(cohort: pd.DataFrame, settings: Settings, found: dict[str, list[str]]) -> Coding:
    """The coding that ``settings`` ask for, learnt from the rows of ``cohort``."""
    terms = [Term(name, step=step(cohort[name], settings.effect)) for name in settings.numeric]
    for name in settings.categorical:
        reference, *others = found[name] or [""]
        terms += [Term(name, level=level, reference=reference) for level in others]
    fill: dict[str, object] = {}
    if settings.missing == "simple_imputation":
        fill = {name: cohort[name].median() for name in settings.numeric}
        fill |= {name: cohort[name].mode().iloc[0] for name in settings.categorical}
    return Coding(tuple(terms), fill)


def step(values: pd.Series, effect: str) -> float:
    """The change of a numeric variable that an estimate is for.

    ``unit``: one; ``sd``: one standard deviation; ``round_step``: the 1, 2 or 5 times a power of ten
    nearest to the interquartile range, so that estimates of different variables can be read together.
    """
    if effect == "unit":
        return 1.0
    spread = values.std() if effect == "sd" else values.quantile(0.75) - values.quantile(0.25)
    if not spread > 0:
        spread = values.std()
    if not spread > 0:
        return 1.0
    if effect == "sd":
        return float(f"{spread:.3g}")
    candidates = [digit * 10.0**power for power in range(-6, 9) for digit in (1, 2, 5)]
    return float(min(candidates, key=lambda candidate: abs(np.log(candidate / spread))))
