"""Cox regression (Efron's method for ties) and the check of proportional hazards. Times in years."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning
from lifelines.statistics import proportional_hazard_test

from .estimates import Fit
from .settings import AnalysisError


def fit_model(matrix: pd.DataFrame, years: pd.Series, event: pd.Series) -> CoxPHFitter:
    """The fitted lifelines model; raises `AnalysisError` when the likelihood has no maximum."""
    data = matrix.assign(years=years.loc[matrix.index], event=event.loc[matrix.index])
    try:
        with warnings.catch_warnings():
            # Levels without events are named beforehand (`estimates.problems`).
            warnings.simplefilter("ignore", ConvergenceWarning)
            return CoxPHFitter(baseline_estimation_method="breslow").fit(data, "years", "event")
    except ConvergenceError as error:
        raise AnalysisError(
            "the Cox model does not converge: leave out a covariate that repeats another, or a rare level "
            f"({str(error).splitlines()[0][:120]})"
        ) from None


def fit(matrix: pd.DataFrame, years: pd.Series, event: pd.Series) -> Fit:
    """Coefficients with Wald intervals and p values."""
    summary = fit_model(matrix, years, event).summary
    coefficients = pd.DataFrame(
        {
            "coefficient": summary["coef"],
            "se": summary["se(coef)"],
            "lower": summary["coef lower 95%"],
            "upper": summary["coef upper 95%"],
            "p": summary["p"],
        }
    )
    return Fit(coefficients, len(matrix), int(event.loc[matrix.index].sum()))


def proportional_hazards(
    model: CoxPHFitter, matrix: pd.DataFrame, years: pd.Series, event: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tests by scaled Schoenfeld residuals (Grambsch & Therneau, Biometrika 1994;81:515).

    The tests have one row a column of ``matrix``: ``statistic``, ``p``, over Kaplan-Meier transformed
    time. The effects are the residuals plus the coefficient, averaged over tenths of the events in order
    of time: a hazard ratio that changes shows as a slope (columns ``column``, ``years``, ``events``,
    ``mean``, ``se``, ``overall``).
    """
    data = matrix.assign(years=years.loc[matrix.index], event=event.loc[matrix.index])
    result = proportional_hazard_test(model, data, time_transform="km").summary
    tests = pd.DataFrame({"column": result.index, "statistic": result["test_statistic"], "p": result["p"]})
    residuals = model.compute_residuals(data, kind="scaled_schoenfeld") + model.params_.to_numpy()
    moments = data.loc[residuals.index, "years"]
    tenths = pd.qcut(moments.rank(method="first"), min(10, max(1, len(moments) // 10)), labels=False)
    effects = []
    for name in matrix.columns:
        part = residuals[name].groupby(tenths.to_numpy()).agg(["count", "mean", "sem"])
        effects.append(
            pd.DataFrame(
                {
                    "column": name,
                    "years": moments.groupby(tenths.to_numpy()).mean(),
                    "events": part["count"],
                    "mean": part["mean"],
                    "se": part["sem"],
                    "overall": model.params_[name],
                }
            )
        )
    return tests.reset_index(drop=True), pd.concat(effects, ignore_index=True)


def risk_at(model: CoxPHFitter, matrix: pd.DataFrame, horizon: float) -> np.ndarray:
    """Predicted probability of the event by ``horizon`` for each row."""
    survival = model.predict_survival_function(matrix, times=[horizon]).to_numpy()[0]
    return np.asarray(1 - survival, dtype=float)
