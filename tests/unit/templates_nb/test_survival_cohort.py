"""The numbers of the template ``survival-cohort``, against other software and hand computation."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines.utils import concordance_index
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from templates_nb import catalogue

sys.path.insert(0, str(catalogue.find("survival-cohort").folder))

from survival_cohort import (
    calibration,
    cleaning,
    cohort,
    cox,
    design,
    discrimination,
    estimates,
    evaluation,
    explanation,
    formats,
    kaplan_meier,
    labels,
    logistic,
    style,
    table_one,
)
from survival_cohort.settings import AnalysisError, Settings


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(
        time="rtime", event="recur", time_2="dtime", event_2="death", unit="days", id_column="pid",
        group="hormon", numeric=("age", "nodes", "pgr", "er"),
        categorical=("meno", "size", "grade", "hormon", "chemo"), horizon=5.0, effect="unit",
    )  # fmt: skip


@pytest.fixture(scope="module")
def people(rotterdam: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    return cleaning.clean(rotterdam, settings).cohort


@pytest.fixture(scope="module")
def english(extract: dict[str, Any]) -> labels.Labels:
    return labels.Labels(extract["tables"][0], "en")


@pytest.fixture(scope="module")
def levels(people: pd.DataFrame, settings: Settings, english: labels.Labels) -> dict[str, list[str]]:
    return design.levels(people, settings.categorical, english)


@pytest.fixture(scope="module")
def matrix(people: pd.DataFrame, settings: Settings, levels: dict[str, list[str]]) -> pd.DataFrame:
    return design.learn(people, settings, levels).matrix(people)


def test_composite_endpoint_by_hand(settings: Settings) -> None:
    frame = pd.DataFrame(
        [(100, 1, 200, 1), (300, 0, 250, 1), (300, 0, 400, 0), (50, 0, 80, 1)],
        columns=["rtime", "recur", "dtime", "death"],
    )
    years, event, late = cleaning.endpoint(frame, settings)
    assert (years * 365.25).round(6).tolist() == [100, 250, 300, 80]
    assert event.tolist() == [1, 1, 0, 1]
    assert late == 1


def test_published_counts_of_the_cohort(rotterdam: pd.DataFrame, people: pd.DataFrame) -> None:
    # R survival, ?rotterdam: either event, and 43 people who died after follow-up for recurrence ended.
    assert people["event"].sum() == (rotterdam[["recur", "death"]].max(axis=1) == 1).sum() == 1713
    assert len(people) == 2982


def test_cleaning_counts_each_rule_once(rotterdam: pd.DataFrame, settings: Settings) -> None:
    frame = rotterdam.astype({"rtime": float, "recur": object}).copy()
    frame.loc[0, "rtime"] = -1
    frame.loc[1, "rtime"] = np.nan
    frame.loc[2, "recur"] = "perhaps"
    frame.loc[3, "rtime"] = frame.loc[3, "dtime"] = 0
    frame = pd.concat([frame, frame.iloc[[10]]], ignore_index=True)
    assert cohort.impossible(frame, settings) == cohort.Impossible(1, 1, 1)
    cleaned = cleaning.clean(frame, settings)
    assert cleaned.flow["left_out"].tolist() == [0, 1, 1, 1, 1]
    assert cleaned.flow["remaining"].iloc[-1] == len(cleaned.cohort) == 2979
    assert cleaned.zero_times == 1
    assert cleaned.cohort["years"].min() == pytest.approx(0.5 / 365.25)


def test_too_few_events_is_one_line(rotterdam: pd.DataFrame, settings: Settings) -> None:
    with pytest.raises(AnalysisError, match="only 0 events remain"):
        cleaning.clean(rotterdam.assign(recur=0, death=0), settings)


def test_kaplan_meier_by_hand(people: pd.DataFrame) -> None:
    curve = kaplan_meier.curve(people["years"], people["event"])
    survival, median = 1.0, None
    for time in np.unique(people.loc[people["event"] == 1, "years"]):
        at_risk = (people["years"] >= time).sum()
        survival *= 1 - ((people["years"] == time) & (people["event"] == 1)).sum() / at_risk
        if time <= 5:
            at_five = survival
        if median is None and survival <= 0.5:
            median = time
    assert curve.median == pytest.approx(median)
    assert curve.survival_at(5)[0] == pytest.approx(at_five)
    assert curve.median_lower < curve.median < curve.median_upper


def test_survival_of_a_handful_is_not_shown(people: pd.DataFrame) -> None:
    curve = kaplan_meier.curve(people["years"], people["event"])
    assert curve.at_risk(curve.end) == kaplan_meier.FEWEST_AT_RISK
    assert np.isnan(curve.survival_at(curve.end + 0.1)[0])


def test_cox_agrees_with_statsmodels(people: pd.DataFrame, matrix: pd.DataFrame) -> None:
    ours = cox.fit(matrix, people["years"], people["event"]).coefficients
    theirs = sm.PHReg(people["years"], matrix, status=people["event"], ties="efron").fit()
    np.testing.assert_allclose(ours["coefficient"], theirs.params, atol=1e-4)
    np.testing.assert_allclose(ours["se"], theirs.bse, atol=1e-4)


def test_cox_solves_efrons_score_equation(rotterdam: pd.DataFrame) -> None:
    """Death alone, one binary covariate: the score, written out by hand, is nought at the estimate."""
    settings = Settings(
        time="dtime", event="death", unit="days", group=None, numeric=(), categorical=("grade",), horizon=5
    )
    people = cleaning.clean(rotterdam, settings).cohort
    x = (people["grade"] == "3").astype(float)
    fitted = cox.fit(pd.DataFrame({"x0": x}), people["years"], people["event"]).coefficients.loc["x0"]
    score = 0.0
    for time in np.unique(people.loc[people["event"] == 1, "years"]):
        at_risk, died = people["years"] >= time, (people["years"] == time) & (people["event"] == 1)
        weight = np.exp(fitted["coefficient"] * x)
        for k in range(int(died.sum())):
            part = weight[at_risk].sum() - k / died.sum() * weight[died].sum()
            score -= ((x * weight)[at_risk].sum() - k / died.sum() * (x * weight)[died].sum()) / part
        score += x[died].sum()
    # The information is about 200, so the estimate is within 0.00005 of the root.
    assert abs(score) < 1e-2


def test_logistic_agrees_with_scikit_learn(people: pd.DataFrame, matrix: pd.DataFrame) -> None:
    outcome = logistic.outcome(people, 5)
    known = matrix.loc[outcome.event.index]
    ours = logistic.fit(known, outcome.event).coefficients["coefficient"]
    spread = known.std()
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000).fit(known / spread, outcome.event)
    np.testing.assert_allclose(ours, theirs.coef_[0] / spread, atol=1e-4)
    censored = ((people["event"] == 0) & (people["years"] < 5)).sum()
    assert outcome.left_out == censored == len(people) - len(outcome.event)


def test_separation_is_named_and_the_rest_estimated(
    people: pd.DataFrame, levels: dict[str, list[str]]
) -> None:
    settings = Settings(
        time="t", event="e", unit="years", group=None, numeric=("age",), categorical=("size",), horizon=5
    )
    coding = design.learn(people, settings, levels)
    matrix = coding.matrix(people)
    event = logistic.outcome(people, 5).event
    matrix = matrix.loc[event.index]
    event = event.where(matrix["x2"] == 0, 0)
    table = estimates.table(coding, matrix, event, lambda part: logistic.fit(part, event))
    bad = table[table["column"] == "x2"]
    assert set(bad["problem"]) == {estimates.NO_EVENTS}
    assert bad["ratio"].isna().all()
    assert table.loc[table["column"] != "x2", "ratio"].notna().all()


def test_no_estimable_covariate_is_one_line(people: pd.DataFrame, levels: dict[str, list[str]]) -> None:
    settings = Settings(
        time="t", event="e", unit="years", group=None, numeric=(), categorical=("chemo",), horizon=5
    )
    coding = design.learn(people, settings, levels)
    matrix = coding.matrix(people)
    event = people["event"].where(people["chemo"] == "0", 0)
    table = estimates.table(coding, matrix, event, lambda part: cox.fit(part, people["years"], event))
    with pytest.raises(AnalysisError, match="no covariate can be estimated"):
        estimates.estimable(table)


def test_quasi_separation_of_a_number_is_reported() -> None:
    age = pd.Series(np.arange(100.0))
    event = (age > 50).astype(int)
    coding = design.Coding((design.Term("age"),), {})
    table = estimates.table(coding, age.to_frame("x0"), event, lambda part: logistic.fit(part, event))
    assert set(table["problem"]) == {estimates.SEPARATION}


def test_table_one_counts(people: pd.DataFrame, settings: Settings, levels: dict[str, list[str]]) -> None:
    table = table_one.build(people, "hormon", settings.numeric, settings.categorical, levels)
    values = table.values.set_index(["variable", "group", "level"])
    for group in ("0", "1"):
        part = people[people["hormon"] == group]
        for size in levels["size"]:
            assert values.loc[("size", group, size), "n"] == (part["size"] == size).sum()
        row = table.values.query("variable == 'age' and group == @group").iloc[0]
        assert row["mean"] == pytest.approx(np.mean(part["age"]))
        assert row["sd"] == pytest.approx(np.std(part["age"], ddof=1))
    assert "hormon" not in set(table.tests["variable"])
    assert table.tests.set_index("variable").loc["size", "test"] == "chi_squared"


def test_smd_by_hand() -> None:
    a, b = pd.Series([1.0, 2, 3]), pd.Series([2.0, 4, 6])
    assert table_one.smd_numeric(a, b) == pytest.approx(2 / np.sqrt((1 + 4) / 2))
    # Two levels: the multinomial formula is the binary one.
    p, q = 0.3, 0.5
    expected = abs(p - q) / np.sqrt((p * (1 - p) + q * (1 - q)) / 2)
    assert table_one.smd_categorical(np.array([70, 30]), np.array([50, 50])) == pytest.approx(expected)
    assert table_one.smd_categorical(np.array([5, 5]), np.array([0, 0])) != expected


def test_small_four_fold_table_uses_fisher() -> None:
    assert table_one.test_categorical(np.array([[3, 1], [1, 3]]))["p"] == pytest.approx(34 / 70)


def test_missing_values_are_left_out_or_filled(people: pd.DataFrame, levels: dict[str, list[str]]) -> None:
    broken = people.copy()
    broken.loc[:9, "age"] = np.nan
    broken.loc[5:14, "size"] = None
    common = {"time": "t", "event": "e", "unit": "years", "group": None, "horizon": 5.0}
    for missing, rows in (("complete_cases", len(people) - 15), ("simple_imputation", len(people))):
        settings = Settings(**common, numeric=("age",), categorical=("size",), missing=missing, effect="unit")
        matrix = design.learn(broken, settings, levels).matrix(broken)
        assert len(matrix) == rows
        assert matrix.notna().all().all()
    assert matrix.loc[0, "x0"] == broken["age"].median()


@pytest.mark.parametrize(
    ("spread", "expected"), [(20, 20.0), (194, 200.0), (4, 5.0), (0.3, 0.2), (0, 1.0), (1400, 1000.0)]
)
def test_round_step_is_near_the_interquartile_range(spread: float, expected: float) -> None:
    assert design.step(pd.Series([0, 0, spread, spread], dtype=float), "round_step") == expected


def test_concordance_agrees_with_lifelines(people: pd.DataFrame) -> None:
    part = people.head(700)
    risk = part["nodes"].to_numpy()
    c, lower, upper = discrimination.harrell_c(part["years"].to_numpy(), part["event"].to_numpy(), risk)
    assert c == pytest.approx(concordance_index(part["years"], -risk, part["event"]), abs=1e-6)
    assert lower < c < upper


def test_auc_agrees_with_scikit_learn(people: pd.DataFrame) -> None:
    event, risk = people["event"].to_numpy(), people["nodes"].to_numpy()
    auc, lower, upper = discrimination.roc_auc(event, risk)
    assert auc == pytest.approx(roc_auc_score(event, risk))
    assert np.trapezoid(*reversed(discrimination.roc_curve(event, risk))) == pytest.approx(auc)
    assert 0 < auc - lower == pytest.approx(upper - auc)


def test_weighted_measures_without_censoring_are_the_plain_ones(people: pd.DataFrame) -> None:
    time = people["years"].to_numpy()
    event = np.ones(len(people), dtype=int)
    risk = people["nodes"].rank(pct=True).to_numpy()
    by_five = (time <= 5).astype(int)
    assert discrimination.time_dependent_auc(time, event, risk, 5) == pytest.approx(
        roc_auc_score(by_five, risk)
    )
    assert calibration.survival_brier(time, event, risk, 5)[0] == pytest.approx(
        brier_score_loss(by_five, risk)
    )


def test_true_probabilities_are_calibrated_and_doubled_odds_are_not() -> None:
    generator = np.random.default_rng(3)
    risk = generator.uniform(0.05, 0.95, 20000)
    event = (generator.uniform(size=20000) < risk).astype(int)
    measures = calibration.intercept_and_slope(event, risk)
    assert measures["slope"][1] < 1 < measures["slope"][2]
    assert measures["intercept"][1] < 0 < measures["intercept"][2]
    odds = (risk / (1 - risk)) ** 2
    assert calibration.intercept_and_slope(event, odds / (1 + odds))["slope"][0] == pytest.approx(
        0.5, abs=0.03
    )


def test_calibration_groups_keep_ties_together() -> None:
    risk = np.repeat([0.1, 0.4], [70, 30])
    event = np.tile([0, 1], 50)
    groups = calibration.groups(event, risk)
    assert groups["persons"].tolist() == [70, 30]
    assert calibration.groups(event, np.full(100, 0.3))["persons"].tolist() == [100]
    assert np.isnan(calibration.intercept_and_slope(event, np.full(100, 0.3))["slope"]).all()


def test_evaluation_learns_nothing_from_the_test_part(
    people: pd.DataFrame, settings: Settings, levels: dict[str, list[str]]
) -> None:
    outcome = logistic.outcome(people, 5)
    first = evaluation.evaluate(people, settings, levels, outcome)
    assert not first.train.index.intersection(first.test.index).size
    spoilt = people.copy()
    spoilt.loc[first.test.index, "nodes"] = spoilt.loc[first.test.index, "nodes"].to_numpy()[::-1]
    second = evaluation.evaluate(spoilt, settings, levels, outcome)
    pd.testing.assert_series_equal(first.cox_model.params_, second.cox_model.params_)
    assert first.cox.measures["c"][0] > 0.6
    assert second.cox.measures["c"][0] < first.cox.measures["c"][0]


def test_shap_values_add_up_to_the_prediction(
    people: pd.DataFrame, settings: Settings, levels: dict[str, list[str]]
) -> None:
    judged = evaluation.evaluate(people, settings, levels, logistic.outcome(people, 5))
    shap = explanation.shap_values(judged)
    predictor = judged.logistic_model.params[list(judged.test.columns)]
    expected = (judged.test - judged.train.mean()) @ predictor
    np.testing.assert_allclose(shap.values.sum(axis=1), expected, atol=1e-6)
    assert shap.importance["variable"].iloc[0] == "nodes"


def test_every_text_is_in_both_languages_with_the_same_places() -> None:
    for key, text in labels._texts().items():
        assert set(text) == {"en", "zh"}, key
        places = [set(__import__("re").findall(r"{(\w+)}", text[language])) for language in ("en", "zh")]
        assert places[0] == places[1], key


def test_figures_are_english_where_no_font_has_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    assert style.use("en") == "en"
    monkeypatch.setattr(style, "CHINESE_FONTS", ("No such font",))
    assert style.use("zh") == "en"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0004, "<0.001"), (0.0321, "0.032"), (0.456, "0.46"), (float("nan"), "–")]
)
def test_p_values(value: float, text: str) -> None:
    assert formats.p_value(value) == text


def test_settings_refuse_contradictions() -> None:
    good = {"time": "t", "event": "e", "unit": "days", "group": None, "horizon": 5.0, "categorical": ()}
    for bad, line in (
        ({"numeric": ()}, "no covariate is chosen"),
        ({"numeric": ("t",)}, "t is the outcome"),
        ({"numeric": ("a",), "time_2": "u"}, "belong together"),
        ({"numeric": ("a",), "categorical": ("a",)}, "keep one"),
    ):
        with pytest.raises(AnalysisError, match=line):
            Settings(**(good | bad))


def test_extract_manifest_is_json_with_both_titles(extract: dict[str, Any], english: labels.Labels) -> None:
    assert json.loads(json.dumps(extract)) == extract
    assert english.term("age", None, None, 10) == "Age at surgery, per 10 years"
    assert english.term("size", ">50", "<=20", 1) == "Tumour size: >50 vs <=20"
