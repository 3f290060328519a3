"""The tables as the report shows them: labels instead of names, formatted texts instead of numbers."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from . import formats
from .design import Coding
from .evaluation import Judged
from .kaplan_meier import Curve
from .labels import Labels
from .table_one import ALL, TableOne

UNIVARIABLE, MULTIVARIABLE = "univariable", "multivariable"


def _shown(rows: list[dict[str, str]], kinds: list[str] | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(rows).fillna("")
    frame.index = pd.Index(kinds if kinds is not None else [""] * len(frame))
    return frame


def quality(columns: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Missing values and ranges of every column read."""
    t = labels.text
    rows = []
    for row in columns.to_dict("records"):
        known = pd.notna(row["median"])
        rows.append(
            {
                t("column"): labels.with_unit(row["column"]),
                t("missing"): formats.share(row["missing"], row["rows"]),
                t("distinct"): formats.count(row["distinct"]),
                t("p1"): formats.short(row["p1"]) if known else "",
                t("median_iqr"): f"{formats.short(row['median'])} ({_range(row)})" if known else "",
                t("p99"): formats.short(row["p99"]) if known else "",
            }
        )
    return _shown(rows)


def _range(row: dict[str, float]) -> str:
    return f"{formats.short(row['q1'])} – {formats.short(row['q3'])}"


def flow(steps: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """The rules of cleaning, in order."""
    t = labels.text
    return _shown(
        [
            {
                t("rule"): t(row["rule"]),
                t("left_out"): "" if row["rule"] == "rule_read" else formats.count(row["left_out"]),
                t("remaining"): formats.count(row["remaining"]),
            }
            for row in steps.to_dict("records")
        ]
    )


def table_one(table: TableOne, cohort: pd.DataFrame, group: str | None, labels: Labels) -> pd.DataFrame:
    """Variables down, groups across."""
    t = labels.text
    titles = {ALL: f"{t('all')} (n={len(cohort):,})"}
    for name in table.groups:
        titles[name] = f"{labels.level(str(group), name)} (n={(cohort[group] == name).sum():,})"
    tests = {row["variable"]: row for row in table.tests.to_dict("records")}
    rows: list[dict[str, str]] = []
    kinds: list[str] = []

    def add(kind: str, title: str, values: dict[str, str]) -> None:
        rows.append({t("variable"): title} | {titles[name]: value for name, value in values.items()})
        kinds.append(kind)

    for variable, part in table.values.groupby("variable", sort=False):
        records = part.to_dict("records")
        numeric = pd.isna(records[0]["level"])
        add("head", labels.with_unit(str(variable)), {})
        if variable in tests:
            test = tests[variable]
            rows[-1] |= {t("p"): formats.p_value(test["p"]), t("smd"): formats.number(test["smd"], 2)}
        if numeric:
            add("level", t("mean_sd"), {r["group"]: _mean(r) for r in records})
            add(
                "level",
                t("median_iqr"),
                {r["group"]: f"{formats.short(r['median'])} ({_range(r)})" for r in records},
            )
        for level in dict.fromkeys(r["level"] for r in records if not numeric):
            cells = {r["group"]: _count(r) for r in records if r["level"] == level}
            add("level", labels.level(str(variable), level), cells)
        missing = {r["group"]: r["missing"] for r in records}
        if any(missing.values()):
            add("level", t("missing"), {name: formats.count(value) for name, value in missing.items()})
    columns = [t("variable"), *titles.values(), *([t("p"), t("smd")] if tests else [])]
    return _shown(rows, kinds)[columns]


def _mean(row: dict[str, float]) -> str:
    return f"{formats.number(row['mean'])} ({formats.number(row['sd'])})"


def _count(row: dict[str, float]) -> str:
    return f"{formats.count(row['n'])} ({formats.percent(row['percent'])})"


def survival(curves: list[Curve], times: list[float], group: str | None, labels: Labels) -> pd.DataFrame:
    """One row a group: persons, events, median, and survival at each time."""
    t = labels.text
    rows = []
    for curve in curves:
        row = {
            t("group"): labels.group(str(group), curve.group) if curve.group else t("all"),
            t("persons"): formats.count(curve.persons),
            t("events"): formats.share(curve.events, curve.persons),
            t("median_years"): t("not_reached")
            if curve.median == float("inf")
            else formats.interval(curve.median, curve.median_lower, curve.median_upper, 1),
        }
        for time in times:
            ends = [100 * value for value in curve.survival_at(time)]
            row[t("survival_at", years=f"{time:g}")] = formats.interval(ends[0], ends[1], ends[2], 1)
        rows.append(row)
    return _shown(rows)


def ratios(estimates: pd.DataFrame, ratio: str, labels: Labels) -> pd.DataFrame:
    """Univariable and multivariable ratios side by side; ``ratio`` is the key of their name."""
    t = labels.text
    rows = []
    models = {model: part.set_index("column") for model, part in estimates.groupby("model")}
    for name in models[MULTIVARIABLE].index:
        first = models[MULTIVARIABLE].loc[name]
        row = {t("variable"): term_label(first, labels)}
        for model in (UNIVARIABLE, MULTIVARIABLE):
            each = models[model].loc[name]
            title = f"{t(model)}\n{t(ratio)} {t('ci')}"
            if pd.notna(each["problem"]):
                row |= {title: t(f"problem_{each['problem']}"), f"{t(model)}\n{t('p')}": formats.NOTHING}
            else:
                row |= {
                    title: formats.interval(each["ratio"], each["lower"], each["upper"]),
                    f"{t(model)}\n{t('p')}": formats.p_value(each["p"]),
                }
        rows.append(row)
    return _shown(rows)


def term_label(row: pd.Series, labels: Labels) -> str:
    """A term's label from a row of estimates."""
    level = row["level"] if pd.notna(row["level"]) else None
    return labels.term(row["variable"], level, row["reference"], row["step"] if level is None else 1.0)


def term_names(columns: Iterable[str], coding: Coding, labels: Labels) -> list[str]:
    """Labels of a matrix's columns."""
    terms = [coding.terms[int(name[1:])] for name in columns]
    return [labels.term(term.variable, term.level, term.reference, term.step) for term in terms]


def hazards(tests: pd.DataFrame, coding: Coding, labels: Labels) -> pd.DataFrame:
    """The check of proportional hazards, one row a term."""
    t = labels.text
    names = term_names(tests["column"], coding, labels)
    rows = [
        {
            t("variable"): name,
            t("statistic"): formats.number(row["statistic"], 2),
            t("p"): formats.p_value(row["p"]),
        }
        for name, row in zip(names, tests.to_dict("records"), strict=True)
    ]
    return _shown(rows)


def performance(
    judged: dict[str, Judged], horizon: float, labels: Labels
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The measures of both models: the data, and the table shown."""
    t = labels.text
    data, rows, kinds = [], [], []
    for model, each in judged.items():
        rows.append({t("measure"): t(f"model_{model}", years=f"{horizon:g}")})
        kinds.append("head")
        for name, (value, lower, upper) in each.measures.items():
            data.append({"model": model, "measure": name, "value": value, "lower": lower, "upper": upper})
            rows.append(
                {
                    t("measure"): t(f"measure_{name}", years=f"{horizon:g}"),
                    t("value_ci"): formats.interval(value, lower, upper, 3 if "brier" in name else 2),
                    t("ideal"): t(f"ideal_{name}"),
                }
            )
            kinds.append("level")
    return pd.DataFrame(data), _shown(rows, kinds)
