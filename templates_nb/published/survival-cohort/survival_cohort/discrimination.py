"""How well predictions rank people: Harrell's C, time-dependent AUC, ROC AUC. Times in years."""

from __future__ import annotations

import numpy as np
from scipy import stats

BLOCK = 1000


def harrell_c(
    time: np.ndarray, event: np.ndarray, risk: np.ndarray, repeats: int = 200, seed: int = 1
) -> tuple[float, float, float]:
    """Harrell's C with a percentile bootstrap interval (Harrell et al., Stat Med 1996;15:361).

    A pair counts when the shorter time is an event's, also when a censored time equals it. All resamples
    are weighted sums over the same pairs, so the pairs are compared once, a block of rows at a time.
    """
    persons = len(time)
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(persons, np.full(persons, 1 / persons), size=repeats).T
    weights = np.column_stack([np.ones(persons), draws]).astype(np.float32)
    concordant = np.zeros(repeats + 1)
    comparable = np.zeros(repeats + 1)
    events = np.flatnonzero(event == 1)
    for start in range(0, len(events), BLOCK):
        rows = events[start : start + BLOCK]
        t, r = time[rows, None], risk[rows, None]
        pair = (time > t) | ((time == t) & (event == 0))
        order = (np.where(risk < r, 1.0, 0.0) + np.where(risk == r, 0.5, 0.0)) * pair
        concordant += np.einsum("ib,ib->b", order.astype(np.float32) @ weights, weights[rows], dtype=float)
        comparable += np.einsum("ib,ib->b", pair.astype(np.float32) @ weights, weights[rows], dtype=float)
    values = concordant / np.where(comparable > 0, comparable, np.nan)
    lower, upper = np.nanquantile(values[1:], [0.025, 0.975])
    return float(values[0]), float(lower), float(upper)


def censoring_survival(time: np.ndarray, event: np.ndarray, at: np.ndarray, *, before: bool) -> np.ndarray:
    """Kaplan-Meier probability of being uncensored at ``at``, or just ``before`` it."""
    moments, counts = np.unique(time[event == 0], return_counts=True)
    # People with the event at the same moment are no longer at risk of being censored then.
    at_risk = np.array([(time > m).sum() + ((time == m) & (event == 0)).sum() for m in moments])
    survival = np.concatenate([[1.0], np.cumprod(1 - counts / at_risk)]) if len(moments) else np.ones(1)
    return survival[np.searchsorted(moments, at, side="left" if before else "right")]


def time_dependent_auc(time: np.ndarray, event: np.ndarray, risk: np.ndarray, horizon: float) -> float:
    """Cumulative/dynamic AUC at ``horizon``, weighted for censoring (Uno et al., JASA 2007;102:527)."""
    case = (event == 1) & (time <= horizon)
    control = np.sort(risk[time > horizon])
    if not case.any() or not len(control):
        return float("nan")
    weight = 1 / censoring_survival(time, event, time[case], before=True)
    below = np.searchsorted(control, risk[case], side="left")
    upto = np.searchsorted(control, risk[case], side="right")
    return float((weight * (below + upto) / 2).sum() / (weight.sum() * len(control)))


def roc_auc(event: np.ndarray, risk: np.ndarray) -> tuple[float, float, float]:
    """ROC AUC with DeLong's 95% interval (DeLong et al., Biometrics 1988;44:837)."""
    cases, controls = risk[event == 1], risk[event == 0]
    m, n = len(cases), len(controls)
    together = stats.rankdata(np.concatenate([cases, controls]))
    case_part = (together[:m] - stats.rankdata(cases)) / n
    control_part = 1 - (together[m:] - stats.rankdata(controls)) / m
    auc = float(case_part.mean())
    se = float(np.sqrt(case_part.var(ddof=1) / m + control_part.var(ddof=1) / n))
    return auc, max(0.0, auc - 1.96 * se), min(1.0, auc + 1.96 * se)


def roc_curve(event: np.ndarray, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates at every threshold, from (0, 0) to (1, 1)."""
    order = np.argsort(-risk, kind="stable")
    last = np.append(np.flatnonzero(np.diff(risk[order])), len(risk) - 1)
    true = np.concatenate([[0], np.cumsum(event[order])[last]]) / event.sum()
    false = np.concatenate([[0], np.cumsum(1 - event[order])[last]]) / (1 - event).sum()
    return false, true
