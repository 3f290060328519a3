"""The figures, as matplotlib draws them; labels come in the figures' language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from .design import Coding
from .evaluation import Judged
from .explanation import Shap
from .kaplan_meier import FEWEST_AT_RISK, Curve
from .labels import Labels
from .style import COLOURS, QUIET
from .tables import MULTIVARIABLE, UNIVARIABLE, term_label

WIDTH = 8.4
"""Inches; every figure's, so that the report's column is even."""


def survival(curves: list[Curve], group: str | None, labels: Labels, note: str = "") -> Figure:
    """Kaplan-Meier curves with 95% bands and the numbers at risk below."""
    t = labels.text
    figure = Figure(figsize=(WIDTH, 4.6 + 0.24 * len(curves)))
    axes, risk = figure.subplots(2, 1, height_ratios=[4.2, 0.35 + 0.24 * len(curves)], sharex=True)
    end = max(curve.end for curve in curves)
    ticks = np.arange(0, end + 0.01, _spacing(end))
    for position, (curve, colour) in enumerate(zip(curves, _colours(len(curves)), strict=True)):
        name = labels.level(str(group), curve.group) if curve.group else t("all")
        steps = curve.steps[curve.steps["time"] <= curve.end]
        axes.step(steps["time"], steps["survival"], where="post", color=colour, label=name)
        axes.fill_between(
            steps["time"], steps["lower"], steps["upper"], step="post", color=colour, alpha=0.15, lw=0
        )
        for tick in ticks:
            there = curve.at_risk(tick)
            number = f"{there:,}" if there == 0 or there >= FEWEST_AT_RISK else f"<{FEWEST_AT_RISK}"
            risk.text(tick, -position, number, ha="center", va="center", fontsize=9, color=colour)
        risk.annotate(
            name, (0, -position), xycoords=("axes fraction", "data"), xytext=(-26, 0),
            textcoords="offset points", ha="right", va="center", fontsize=9, color=colour,
        )  # fmt: skip
    axes.set(ylim=(0, 1.02), xlim=(0, end), ylabel=t("event_free"), xlabel=t("years"), xticks=ticks)
    axes.tick_params(labelbottom=True)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    if len(curves) > 1:
        axes.legend(title=labels.column(str(group)), loc="upper right")
    if note:
        axes.text(0.02, 0.05, note, transform=axes.transAxes)
    risk.set_title(t("at_risk"), fontsize=9, color=QUIET)
    risk.set_ylim(-len(curves) + 0.4, 0.6)
    risk.axis("off")
    return figure


def _spacing(end: float) -> float:
    return next(step for step in (0.25, 0.5, 1, 2, 5, 10, 20, 50) if end / step <= 10)


def _colours(number: int) -> list[str]:
    return [COLOURS[position % len(COLOURS)] for position in range(number)]


def forest(estimates: pd.DataFrame, ratio: str, labels: Labels) -> Figure:
    """Univariable and multivariable ratios on a logarithmic axis."""
    t = labels.text
    parts = {model: part.set_index("column") for model, part in estimates.groupby("model")}
    names = list(parts[MULTIVARIABLE].index)
    figure = Figure(figsize=(WIDTH, 1.3 + 0.42 * len(names)))
    axes = figure.subplots()
    for model, offset, colour in ((UNIVARIABLE, 0.14, QUIET), (MULTIVARIABLE, -0.14, COLOURS[0])):
        rows = parts[model].loc[names]
        places = -np.arange(len(names)) + offset
        there = rows["ratio"].notna().to_numpy()
        rows, places = rows[there], places[there]
        errors = [rows["ratio"] - rows["lower"], rows["upper"] - rows["ratio"]]
        shape = "o" if model == UNIVARIABLE else "s"
        axes.errorbar(
            rows["ratio"], places, xerr=errors, fmt=shape, color=colour, ms=5, lw=1.4, label=t(model)
        )
    axes.axvline(1, color=QUIET, lw=0.8)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    low, high = axes.get_xlim()
    candidates = (0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)
    axes.set_xticks([tick for tick in candidates if low <= tick <= high] or [1])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_yticks(
        -np.arange(len(names)), [term_label(parts[MULTIVARIABLE].loc[name], labels) for name in names]
    )
    axes.set_ylim(-len(names) + 0.4, 0.6)
    axes.set_xlabel(f"{t(ratio)} {t('ci')}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.0 + 0.5 / len(names)), ncols=2)
    return figure


def schoenfeld(effects: pd.DataFrame, tests: pd.DataFrame, coding: Coding, labels: Labels) -> Figure:
    """Log hazard ratio over time of the up to six terms with the smallest p, by tenths of the events."""
    worst = tests.sort_values("p")["column"].tolist()[:6]
    rows = -(-len(worst) // 3)
    figure = Figure(figsize=(WIDTH, 2.4 * rows))
    panels = figure.subplots(rows, min(3, len(worst)), squeeze=False).ravel()
    for panel in panels[len(worst) :]:
        panel.axis("off")
    for panel, name in zip(panels, worst, strict=False):
        part = effects[effects["column"] == name]
        panel.axhline(0, color=QUIET, lw=0.8)
        panel.axhline(part["overall"].iloc[0], color=COLOURS[1], lw=1.2, ls="--")
        panel.errorbar(part["years"], part["mean"], yerr=1.96 * part["se"], fmt="o", ms=4, lw=1.2)
        term = coding.terms[int(name[1:])]
        title = labels.column(term.variable)
        panel.set_title(
            f"{title}: {labels.level(term.variable, term.level)}" if term.level else title, fontsize=9
        )
        panel.set_xlabel(labels.text("years"), fontsize=9)
        panel.tick_params(labelsize=8)
    figure.supylabel(labels.text("beta_over_time"), fontsize=9)
    return figure


def roc(judged: Judged, labels: Labels) -> Figure:
    """The ROC curve of the logistic model in the test part."""
    t = labels.text
    figure = Figure(figsize=(WIDTH * 0.55, WIDTH * 0.55))
    axes = figure.subplots()
    assert judged.roc is not None
    auc, lower, upper = judged.measures["auc"]
    axes.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls="--")
    axes.plot(*judged.roc, lw=1.8)
    axes.text(0.98, 0.05, f"AUC {auc:.2f} ({lower:.2f}–{upper:.2f})", ha="right", transform=axes.transAxes)
    axes.set(
        xlim=(0, 1), ylim=(0, 1.01), aspect="equal", xlabel=t("false_positive"), ylabel=t("true_positive")
    )
    return figure


def calibration(judged: Sequence[tuple[str, Judged]], labels: Labels) -> Figure:
    """Observed against predicted risk by tenths of predicted risk, a panel a model."""
    t = labels.text
    figure = Figure(figsize=(WIDTH, WIDTH / 2))
    for axes, (title, each) in zip(figure.subplots(1, len(judged)), judged, strict=True):
        groups = each.groups.dropna(subset=["observed"])
        errors = [groups["observed"] - groups["lower"], groups["upper"] - groups["observed"]]
        axes.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls="--")
        axes.errorbar(
            groups["predicted"], groups["observed"], yerr=np.clip(errors, 0, 1), fmt="o", ms=5, lw=1.2
        )
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel=t("predicted"), ylabel=t("observed"))
        axes.set_title(title)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    return figure


def coefficients(standardised: pd.DataFrame, coding: Coding, labels: Labels) -> Figure:
    """Standardised coefficients of both models, the largest on top."""
    t = labels.text
    ordered = standardised.sort_values("cox", key=abs, ascending=False)
    figure = Figure(figsize=(WIDTH, 1.2 + 0.4 * len(ordered)))
    axes = figure.subplots()
    places = -np.arange(len(ordered))
    axes.barh(places + 0.19, ordered["cox"], 0.36, label=t("cox"), color=COLOURS[0])
    axes.barh(places - 0.19, ordered["logistic"], 0.36, label=t("logistic"), color=COLOURS[4])
    axes.axvline(0, color=QUIET, lw=0.8)
    axes.set_yticks(places, _terms(ordered["column"], coding, labels))
    axes.set_xlabel(t("standardised_coefficient"))
    axes.legend(loc="lower right")
    return figure


def _terms(names: Sequence[str], coding: Coding, labels: Labels) -> list[str]:
    terms = [coding.terms[int(name[1:])] for name in names]
    return [
        labels.column(term.variable)
        if term.level is None
        else f"{labels.group(term.variable, term.level)} vs {labels.level(term.variable, term.reference)}"
        for term in terms
    ]


def importance(shap: Shap, labels: Labels) -> Figure:
    """Mean absolute SHAP value of each variable; averages only, since points would be persons."""
    rows = shap.importance
    figure = Figure(figsize=(WIDTH, 1.0 + 0.36 * len(rows)))
    axes = figure.subplots()
    bars = axes.barh(-np.arange(len(rows)), rows["mean_absolute"], 0.6, color=COLOURS[0])
    axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
    axes.set_yticks(-np.arange(len(rows)), [labels.column(name) for name in rows["variable"]])
    axes.set_xlabel(labels.text("shap_axis"))
    return figure
