"""The cohort explorer: what it shows, and that no small count is ever among it."""

from __future__ import annotations

import json
import re
from html import unescape
from itertools import product
from urllib.parse import unquote

import duckdb
import pytest

from export_guard.applications import own_link
from export_guard.outputs.html import clean_html
from export_guard.outputs.limits import DEFAULTS
from kernels.applications.cohort_explorer.counts import Counts, Filter, Unanswerable, connect
from kernels.applications.cohort_explorer.extracts import tables
from kernels.applications.cohort_explorer.masking import masked
from kernels.applications.cohort_explorer.pages import Page, Question, asked

TABLE = "ward/visits"
COLUMNS = [
    {
        "name": "sex",
        "title": {"en": "Sex", "zh": "性别"},
        "codes": {"1": {"en": "Man", "zh": "男"}, "2": {"en": "Woman"}},
    },
    {"name": "age", "title": {"en": "Age", "zh": "年龄"}, "unit": "a"},
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "ward"
    folder.mkdir()
    duckdb.sql(
        "SELECT i AS id, 'name ' || i AS person, CASE WHEN i < 7 THEN 2 ELSE 1 END AS sex, (i * 37) % 90 AS age, "
        "CASE WHEN i % 3 = 0 THEN 'a' WHEN i < 4 THEN 'rare<b>' WHEN i % 11 = 0 THEN NULL ELSE 'c' END AS ward, "
        "CASE WHEN i % 50 = 0 THEN 'NaN'::DOUBLE ELSE sqrt(i) END AS score, "
        "DATE '2020-01-01' + i::INTEGER * 3 AS seen FROM range(1, 1001) t(i)"
    ).write_parquet(str(folder / "visits.parquet"))
    manifest = {
        "tables": [
            {
                "name": "visits",
                "file": "visits.parquet",
                "title": {"en": "Visits", "zh": "就诊"},
                "columns": COLUMNS,
            }
        ]
    }
    (folder / "extract.json").write_text(json.dumps(manifest))
    return folder.parent


@pytest.fixture(scope="module")
def connection():
    made = connect()
    yield made
    made.close()


@pytest.fixture
def page(data, connection):
    return lambda question, language="en": Page(connection, tables(data), question, language).html()


@pytest.fixture
def counts(data, connection):
    return lambda *filters: Counts(connection, tables(data)[TABLE], filters)


@pytest.mark.parametrize(
    ("count", "shown"), [(0, None), (1, None), (9, None), (10, 10), (12, 10), (13, 15), (1003, 1005)]
)
def test_a_count_is_rounded_or_not_shown(count, shown):
    assert masked(count) == shown


def test_every_number_on_every_page_is_rounded_and_at_least_ten(counts):
    columns = list(counts().columns)
    for column, by in product(columns, columns):
        found = [count for _, count in counts().one_way(column)]
        found += [count for _, line in counts().two_way(column, by)[1] for count in line]
        assert all(count is None or (count >= 10 and count % 5 == 0) for count in found)


def test_a_value_of_few_rows_is_not_named(page):
    for column in ("id", "person", "ward"):
        shown = page(Question(TABLE, column))
        assert "rare" not in shown
        assert "name 5" not in shown
    assert "Other values" in page(Question(TABLE, "person"))


def test_a_code_of_few_rows_is_named_with_less_than_ten(page):
    shown = page(Question(TABLE, "sex"))
    assert re.search(r"2: Woman</td><td class=\"n\">&lt;10</td>", shown)
    assert ">995<" in shown
    assert ">6<" not in shown


@pytest.mark.parametrize(
    "where",
    [
        Filter("id", "5"),
        Filter("person", "name 5"),
        Filter("sex", "2"),
        Filter("age", "10.1..10.9"),
        Filter("ward", "rare<b>"),
    ]
    + [
        Filter("age", "..1"),
        Filter("nothing", "1"),
        Filter("age", "x..y"),
        Filter('id" OR 1=1 --', "1"),
        Filter("score", "nan.."),
    ]
    + [Filter("ward", "' OR 1=1 --")],
)
def test_a_filter_of_ones_own_choice_answers_nothing(page, where):
    shown = page(Question(TABLE, "ward", filters=(where,)))
    assert "<table>" not in shown
    assert "cannot be shown" in shown


def test_filters_of_bands_and_values_count_what_they_should(counts):
    bands = [group.key for group, count in counts().one_way("age") if count and group.key]
    everywhere = sum(counts(Filter("age", key)).rows or 0 for key in bands)
    assert abs(everywhere - 1000) <= 5 * len(bands)
    assert counts(Filter("ward", "a")).rows == 335
    assert counts(Filter("seen", "2021")).rows == 120
    assert counts(Filter("score", "")).rows == 20
    assert counts().missing()["score"] == 20
    with pytest.raises(Unanswerable):
        counts(Filter("sex", "2")).missing()


def test_every_link_survives_the_guard_and_leads_to_a_page(page):
    seen, waiting = set(), [""]
    while waiting and len(seen) < 60:
        link = waiting.pop(0)
        pairs = [pair.partition("=") for pair in link[1:].split("&")] if len(link) > 1 else []
        arguments: dict[str, list[str]] = {}
        for name, _, value in pairs:
            arguments.setdefault(name, []).append(unquote(value))
        cleaned = clean_html(page(asked(arguments), "zh_CN"), DEFAULTS, own_link)
        assert cleaned
        assert "rare" not in cleaned
        assert "name 5" not in cleaned
        for found in re.findall(r'href="([^"]*)"', cleaned):
            if unescape(found) not in seen:
                seen.add(unescape(found))
                waiting.append(unescape(found))
    assert len(seen) >= 60


def test_the_chart_survives_the_guard(page):
    cleaned = clean_html(page(Question(TABLE, "age")), DEFAULTS, own_link)
    assert cleaned.count("<rect") >= 5
    assert "<script" not in page(Question(TABLE, "age"))
    assert "<form" not in page(Question(TABLE, "age"))


def test_both_languages(page):
    assert "Age (a)" in page(Question(TABLE, "age"))
    assert "年龄 (a)" in page(Question(TABLE, "age"), "zh_CN")
    assert 'lang="zh-CN"' in page(Question(), "zh_CN")


@pytest.mark.parametrize(
    "question",
    [Question("../etc"), Question(TABLE, "x"), Question(TABLE, "age", "x"), Question("ward/none", "age")],
)
def test_what_is_not_there_is_one_line(page, question):
    assert "cannot be shown" in page(question)


def test_hostile_values_and_manifests_do_no_harm(tmp_path, connection):
    folder = tmp_path / "x'; DROP"
    folder.mkdir()
    duckdb.sql('SELECT \'<script>\' AS "a""b<i>", NULL::INTEGER AS empty FROM range(20)').write_parquet(
        str(folder / "t'.parquet")
    )
    (folder / "extract.json").write_text('{"tables": [1, {"file": "t\'.parquet", "columns": {"a": 1}}]}')
    found = tables(tmp_path)
    for column in ("", 'a"b<i>', "empty"):
        shown = Page(connection, found, Question(next(iter(found)), column), "en").html()
        assert "cannot be shown" not in shown
        assert "<script>" not in shown
        assert "<i>" not in shown
