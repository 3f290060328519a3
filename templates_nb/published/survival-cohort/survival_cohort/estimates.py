"""Effect estimates as a table, the same for Cox and logistic models, with what cannot be estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .design import Coding, Term
from .settings import AnalysisError

NO_EVENTS = "no_events"
ONLY_EVENTS = "only_events"
CONSTANT = "constant"
SEPARATION = "separation"
HUGE = 12.0
"""A log ratio beyond this per standard deviation is separation, not an effect (e^12 is 160 000)."""


@dataclass(frozen=True)
class Fit:
    """A fitted model's coefficients (log ratios), standard errors and p values, by column."""

    coefficients: pd.DataFrame
    """Columns ``coefficient``, ``se``, ``lower``, ``upper``, ``p``."""
    persons: int
    events: int


Fitter = Callable[[pd.DataFrame], Fit]
"""Fits the rows of a matrix; knows the outcome by the matrix's index."""


def problems(matrix: pd.DataFrame, event: pd.Series, terms: tuple[Term, ...]) -> dict[str, str]:
    """Columns that no model can estimate, and why: levels with no or only events, constants."""
    found = {}
    for name, term in zip(matrix.columns, terms, strict=True):
        values = matrix[name]
        if values.nunique() < 2:
            found[name] = CONSTANT
        elif term.level is not None:
            inside = event[values == 1]
            if inside.sum() == 0:
                found[name] = NO_EVENTS
            elif inside.all():
                found[name] = ONLY_EVENTS
    return found


def table(
    coding: Coding, matrix: pd.DataFrame, event: pd.Series, fit: Fitter, *, ignore: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Univariable and multivariable ratios, one row a term and model.

    ``ignore`` names problems that this kind of model can live with. Terms that cannot be estimated
    stay out of the model and keep a row whose ``problem`` says why.
    """
    bad = {name: why for name, why in problems(matrix, event, coding.terms).items() if why not in ignore}
    rows = []
    variables = list(dict.fromkeys(term.variable for term in coding.terms))
    columns = {
        variable: [
            name for name, term in zip(matrix.columns, coding.terms, strict=True) if term.variable == variable
        ]
        for variable in variables
    }
    models = [("univariable", columns[variable]) for variable in variables]
    for model, names in [*models, ("multivariable", list(matrix.columns))]:
        usable = [name for name in names if name not in bad]
        fitted = fit(matrix[usable]) if usable else None
        for name in names:
            term = coding.terms[int(name[1:])]
            row: dict[str, object] = {
                "model": model,
                "column": name,
                "variable": term.variable,
                "level": term.level,
                "reference": term.reference,
                "step": term.step if term.level is None else None,
                "problem": bad.get(name),
            }
            if fitted is not None and name in usable:
                row |= _ratio(fitted, name, matrix[name])
            rows.append(row)
    columns_of_ratio = ["persons", "events", "coefficient", "se", "ratio", "lower", "upper", "p"]
    result = pd.DataFrame(rows)
    return result.reindex(
        columns=[*result.columns.difference(columns_of_ratio, sort=False), *columns_of_ratio]
    )


def estimable(estimates: pd.DataFrame) -> list[str]:
    """Columns of the multivariable model that were estimated; raises `AnalysisError` if none was."""
    rows = estimates[(estimates["model"] == "multivariable") & estimates["problem"].isna()]
    if rows.empty:
        raise AnalysisError(
            "no covariate can be estimated: choose covariates with events at more than one level"
        )
    return list(rows["column"])


def _ratio(fitted: Fit, name: str, values: pd.Series) -> dict[str, object]:
    estimate = fitted.coefficients.loc[name]
    row: dict[str, object] = {"persons": fitted.persons, "events": fitted.events}
    if not np.isfinite(estimate["se"]) or abs(estimate["coefficient"]) * values.std() > HUGE:
        return row | {"problem": SEPARATION}
    return row | {
        "coefficient": estimate["coefficient"],
        "se": estimate["se"],
        "ratio": np.exp(estimate["coefficient"]),
        "lower": np.exp(estimate["lower"]),
        "upper": np.exp(estimate["upper"]),
        "p": estimate["p"],
    }
