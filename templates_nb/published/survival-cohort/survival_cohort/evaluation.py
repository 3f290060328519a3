"""Both models learnt on one part of the cohort and judged on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import CoxPHFitter
from sklearn.model_selection import train_test_split

from . import calibration, cox, design, discrimination, estimates, kaplan_meier, logistic
from .settings import AnalysisError, Settings

Measures = dict[str, tuple[float, float, float]]
"""Estimate and 95% interval (not a number where none is given) by name."""


@dataclass(frozen=True)
class Judged:
    """One model on the people that it has not seen."""

    measures: Measures
    groups: pd.DataFrame
    roc: tuple[np.ndarray, np.ndarray] | None
    train: int
    test: int
    test_events: int


@dataclass(frozen=True)
class Evaluation:
    """Both models, what they were learnt with, and the rows of each part."""

    coding: design.Coding
    usable: list[str]
    """Columns of the matrix that both models use."""
    train: pd.DataFrame
    test: pd.DataFrame
    cox_model: CoxPHFitter
    logistic_model: sm.GLM
    cox: Judged
    logistic: Judged


def split(cohort: pd.DataFrame, fraction: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A random part to learn from and one to judge on, with the same share of events."""
    try:
        train, test = train_test_split(
            cohort, test_size=fraction, random_state=seed, stratify=cohort["event"], shuffle=True
        )
    except ValueError as error:
        raise AnalysisError(f"the cohort cannot be split ({error}): choose another test fraction") from None
    return train.sort_index(), test.sort_index()


def evaluate(
    cohort: pd.DataFrame, settings: Settings, levels: dict[str, list[str]], outcome: logistic.Outcome
) -> Evaluation:
    """Learn coding and models on the one part, judge on the other; nothing is learnt from the test part."""
    train, test = split(cohort, settings.test_fraction, settings.seed)
    coding = design.learn(train, settings, levels)
    x_train, x_test = coding.matrix(train), coding.matrix(test)
    binary_train = outcome.event.reindex(x_train.index).dropna().astype(int)
    binary_test = outcome.event.reindex(x_test.index).dropna().astype(int)
    bad = estimates.problems(x_train, train["event"].loc[x_train.index], coding.terms)
    bad |= estimates.problems(x_train.loc[binary_train.index], binary_train, coding.terms)
    usable = [name for name in x_train.columns if name not in bad]
    if not usable or binary_test.nunique() < 2:
        raise AnalysisError(
            "too few events to judge a model: choose a larger test fraction or fewer covariates"
        )
    cox_model = cox.fit_model(x_train[usable], train["years"], train["event"])
    logistic_model = logistic.fit_model(x_train.loc[binary_train.index, usable], binary_train)
    return Evaluation(
        coding=coding,
        usable=usable,
        train=x_train[usable],
        test=x_test[usable],
        cox_model=cox_model,
        logistic_model=logistic_model,
        cox=_judge_cox(cox_model, x_train[usable], x_test[usable], test, settings),
        logistic=_judge_logistic(
            logistic_model, len(binary_train), x_test.loc[binary_test.index, usable], binary_test
        ),
    )


def _judge_cox(
    model: CoxPHFitter, x_train: pd.DataFrame, x_test: pd.DataFrame, test: pd.DataFrame, settings: Settings
) -> Judged:
    rows = test.loc[x_test.index]
    time, event = rows["years"].to_numpy(), rows["event"].to_numpy()
    horizon = settings.horizon
    risk = cox.risk_at(model, x_test, horizon)
    predictor = np.asarray(model.predict_log_partial_hazard(x_test), dtype=float)
    groups = calibration.survival_groups(time, event, risk, horizon)
    score, saved = calibration.survival_brier(time, event, risk, horizon)
    observed = 1 - kaplan_meier.curve(rows["years"], rows["event"]).survival_at(horizon)[0]
    return Judged(
        measures={
            "c": discrimination.harrell_c(time, event, predictor, seed=settings.seed),
            "auc_t": (discrimination.time_dependent_auc(time, event, risk, horizon), np.nan, np.nan),
            "brier": (score, np.nan, np.nan),
            "brier_scaled": (saved, np.nan, np.nan),
            "slope": calibration.survival_slope(time, event, predictor),
            "observed_expected": (observed / risk.mean(), np.nan, np.nan),
        },
        groups=groups,
        roc=None,
        train=len(x_train),
        test=len(x_test),
        test_events=int(event.sum()),
    )


def _judge_logistic(model: sm.GLM, train: int, x_test: pd.DataFrame, outcome: pd.Series) -> Judged:
    event, risk = outcome.to_numpy(), logistic.predict(model, x_test)
    score, saved = calibration.brier(event, risk)
    return Judged(
        measures={
            "auc": discrimination.roc_auc(event, risk),
            "brier": (score, np.nan, np.nan),
            "brier_scaled": (saved, np.nan, np.nan),
            **calibration.intercept_and_slope(event, risk),
        },
        groups=calibration.groups(event, risk),
        roc=discrimination.roc_curve(event, risk),
        train=train,
        test=len(x_test),
        test_events=int(event.sum()),
    )
