"""How true predicted probabilities are: Brier score, intercept and slope, observed against predicted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.special import logit
from statsmodels.stats.proportion import proportion_confint

from . import cox, kaplan_meier
from .discrimination import censoring_survival

TINY = 1e-9


def brier(event: np.ndarray, risk: np.ndarray) -> tuple[float, float]:
    """Brier score, and how much of the score of predicting everyone's average it saves."""
    score = float(np.mean((risk - event) ** 2))
    return score, 1 - score / float(np.mean((event.mean() - event) ** 2))


def survival_brier(
    time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float
) -> tuple[float, float]:
    """The same at ``horizon``, weighted for censoring (Graf et al., Stat Med 1999;18:2529)."""
    happened = (event == 1) & (time <= horizon)
    weight = np.zeros(len(time))
    weight[happened] = 1 / censoring_survival(time, event, time[happened], before=True)
    later = time > horizon
    weight[later] = 1 / censoring_survival(time, event, np.array([horizon]), before=False)[0]

    def score(predicted: np.ndarray | float) -> float:
        return float(np.sum(weight * (predicted - happened) ** 2) / len(time))

    average = 1 - kaplan_meier.curve(pd.Series(time), pd.Series(event)).survival_at(horizon)[0]
    return score(risk), 1 - score(risk) / score(average)


def intercept_and_slope(event: np.ndarray, risk: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Calibration in the large (intercept with slope 1) and slope, with 95% intervals; ideal 0 and 1."""
    predictor = logit(np.clip(risk, TINY, 1 - TINY))
    family = sm.families.Binomial()
    large = sm.GLM(event, np.ones(len(event)), family=family, offset=predictor).fit()
    measures = {"intercept": _with_interval(large, 0), "slope": (np.nan, np.nan, np.nan)}
    # A model that predicts the same for everyone has no slope.
    if np.ptp(predictor) > 0:
        slope = sm.GLM(event, sm.add_constant(predictor), family=family).fit()
        measures["slope"] = _with_interval(slope, 1)
    return measures


def _with_interval(fitted: sm.GLM, position: int) -> tuple[float, float, float]:
    lower, upper = fitted.conf_int()[position]
    return float(fitted.params[position]), float(lower), float(upper)


def survival_slope(time: np.ndarray, event: np.ndarray, predictor: np.ndarray) -> tuple[float, float, float]:
    """Coefficient of the Cox model's linear predictor in new data, with its 95% interval; ideal 1."""
    fitted = cox.fit(pd.DataFrame({"x0": predictor}), pd.Series(time), pd.Series(event)).coefficients.loc[
        "x0"
    ]
    return float(fitted["coefficient"]), float(fitted["lower"]), float(fitted["upper"])


def _tenths(risk: np.ndarray, groups: int) -> np.ndarray:
    """Each person's group of predicted risk, equally large, ties kept together."""
    return np.floor((stats.rankdata(risk) - 0.5) / len(risk) * groups).astype(int)


def groups(event: np.ndarray, risk: np.ndarray, number: int = 10) -> pd.DataFrame:
    """Mean predicted and observed risk by tenths of predicted risk, with Wilson's 95% interval."""
    rows = []
    part = _tenths(risk, number)
    for group in np.unique(part):
        inside = event[part == group]
        lower, upper = proportion_confint(inside.sum(), len(inside), method="wilson")
        rows.append(
            {
                "persons": len(inside),
                "events": int(inside.sum()),
                "predicted": risk[part == group].mean(),
                "observed": inside.mean(),
                "lower": lower,
                "upper": upper,
            }
        )
    return pd.DataFrame(rows)


def survival_groups(
    time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float, number: int = 10
) -> pd.DataFrame:
    """The same at ``horizon`` with the observed risk by Kaplan-Meier."""
    rows = []
    part = _tenths(risk, number)
    for group in np.unique(part):
        inside = part == group
        curve = kaplan_meier.curve(pd.Series(time[inside]), pd.Series(event[inside]))
        survival, lower, upper = curve.survival_at(horizon)
        rows.append(
            {
                "persons": int(inside.sum()),
                "events": int(event[inside & (time <= horizon)].sum()),
                "predicted": risk[inside].mean(),
                "observed": 1 - survival,
                "lower": 1 - upper,
                "upper": 1 - lower,
            }
        )
    return pd.DataFrame(rows)
