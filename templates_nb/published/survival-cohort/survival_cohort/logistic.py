"""Logistic regression of the event by the horizon, by maximum likelihood without penalty."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.tools.sm_exceptions import (
    ConvergenceWarning,
    PerfectSeparationError,
    PerfectSeparationWarning,
)

from .estimates import Fit
from .settings import AnalysisError

FEWEST = 10


@dataclass(frozen=True)
class Outcome:
    """``event`` is 1 with the event by the horizon, 0 without; people not followed so long are absent."""

    event: pd.Series
    left_out: int
    """Persons censored before the horizon."""


def outcome(cohort: pd.DataFrame, horizon: float) -> Outcome:
    """The binary outcome at ``horizon`` years; raises `AnalysisError` when either value is too rare."""
    happened = (cohort["event"] == 1) & (cohort["years"] <= horizon)
    known = happened | (cohort["years"] >= horizon)
    event = happened[known].astype(int)
    rarer = min(int(event.sum()), int(len(event) - event.sum()))
    if rarer < FEWEST:
        raise AnalysisError(
            f"at {horizon:g} years only {rarer} persons have the rarer outcome; "
            f"at least {FEWEST} are needed: choose another horizon"
        )
    return Outcome(event, int((~known).sum()))


def fit_model(matrix: pd.DataFrame, event: pd.Series) -> sm.GLM:
    """The fitted statsmodels result (GLM, binomial, logit link)."""
    exposure = sm.add_constant(matrix, has_constant="add")
    with warnings.catch_warnings():
        # Separation shows in the coefficients, where `estimates.table` reports it by name.
        warnings.simplefilter("ignore", (PerfectSeparationWarning))
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            return sm.GLM(event.loc[matrix.index], exposure, family=sm.families.Binomial()).fit(maxiter=50)
        except (PerfectSeparationError, np.linalg.LinAlgError) as error:
            raise AnalysisError(
                f"the logistic model cannot be fitted ({error}): leave out a covariate"
            ) from None


def fit(matrix: pd.DataFrame, event: pd.Series) -> Fit:
    """Coefficients with Wald intervals and p values, without the intercept."""
    result = fit_model(matrix, event)
    interval = result.conf_int()
    coefficients = pd.DataFrame(
        {
            "coefficient": result.params,
            "se": result.bse,
            "lower": interval[0],
            "upper": interval[1],
            "p": result.pvalues,
        }
    ).drop(index="const")
    return Fit(coefficients, len(matrix), int(event.loc[matrix.index].sum()))


def predict(result: sm.GLM, matrix: pd.DataFrame) -> np.ndarray:
    """Predicted probability of the event for each row."""
    return np.asarray(result.predict(sm.add_constant(matrix, has_constant="add")), dtype=float)
