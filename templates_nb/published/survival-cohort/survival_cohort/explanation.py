"""What drives the predictions: standardised coefficients, and SHAP values of the logistic model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shap

from .design import Coding
from .evaluation import Evaluation


@dataclass(frozen=True)
class Shap:
    """SHAP values in log odds: one row a person of the test part, one column a term."""

    values: pd.DataFrame
    importance: pd.DataFrame
    """``variable``, ``mean_absolute``: a categorical variable's terms are added up person by person."""


def standardised(evaluation: Evaluation) -> pd.DataFrame:
    """Coefficients per standard deviation of each term in the training part, for both models."""
    spread = evaluation.train.std()
    cox = evaluation.cox_model.params_.reindex(spread.index) * spread
    logistic = evaluation.logistic_model.params.reindex(spread.index) * spread
    return pd.DataFrame({"column": spread.index, "cox": cox.to_numpy(), "logistic": logistic.to_numpy()})


def shap_values(evaluation: Evaluation) -> Shap:
    """SHAP values for a linear model with independent terms (Lundberg & Lee, NeurIPS 2017)."""
    parameters = evaluation.logistic_model.params
    names = list(evaluation.train.columns)
    model = (parameters[names].to_numpy(), float(parameters["const"]))
    masker = shap.maskers.Independent(evaluation.train.to_numpy(), max_samples=len(evaluation.train))
    explainer = shap.LinearExplainer(model, masker)
    values = pd.DataFrame(
        np.asarray(explainer.shap_values(evaluation.test.to_numpy())),
        columns=names,
        index=evaluation.test.index,
    )
    return Shap(values, _importance(values, evaluation.coding))


def _importance(values: pd.DataFrame, coding: Coding) -> pd.DataFrame:
    variables = [coding.terms[int(name[1:])].variable for name in values.columns]
    by_variable = values.T.groupby(np.array(variables)).sum().T
    means = by_variable.abs().mean().sort_values(ascending=False)
    return pd.DataFrame({"variable": means.index, "mean_absolute": means.to_numpy()})
