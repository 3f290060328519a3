"""HTML outputs: every known attack comes out inert, and what analyses print looks as it did."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest
from outputs_strict import assert_inert_html, vectors

from export_guard.outputs.html import cells, clean_html
from export_guard.outputs.limits import DEFAULTS
from export_guard.outputs.normal import well_formed

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def clean(html: str) -> str:
    cleaned = clean_html(html, DEFAULTS)
    assert cleaned is not None
    return cleaned


def text_of(html: str) -> str:
    without = re.sub(r"(?s)<(style|script)\b.*?</\1>", "", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", without)).split())


@pytest.mark.parametrize("attack", vectors("html.txt"))
def test_an_attack_comes_out_inert_and_passes_again_unchanged(attack):
    cleaned = clean(attack)
    assert_inert_html(cleaned)
    assert clean(cleaned) == cleaned


def test_the_checker_finds_what_it_is_for():
    attacks = [attack for attack in vectors("html.txt") if "<" in attack]
    found = 0
    for attack in attacks:
        try:
            assert_inert_html(attack)
        except AssertionError:
            found += 1
    assert found > len(attacks) * 0.95


@pytest.mark.parametrize("attack", vectors("html.txt"))
def test_an_attack_inside_a_table_and_inside_svg_comes_out_inert(attack):
    for around in ("<table><tr><td>{}</td></tr></table>", "<svg><g>{}</g></svg>", "<div><p>{}", "<ul><li>{}"):
        assert_inert_html(clean(around.format(attack)))


def test_no_address_of_any_kind_is_left_but_a_fragment():
    html = "".join(f'<a href="{address}">x</a>' for address in ("#a", "b", "/c", "//d", "e:f", "?g", ""))
    assert re.findall(r'href="([^"]*)"', clean(html)) == ["#out-a"]


def test_an_image_in_the_markup_is_looked_at_as_bytes():
    assert clean(f'<img src="data:image/png;base64,{PIXEL}">').startswith(
        '<img src="data:image/png;base64,iVBOR'
    )
    assert clean('<img src="data:image/png;base64,PHN2Zz4=">') == "<img>"
    assert clean(f'<img src="data:text/html;base64,{PIXEL}">') == "<img>"


def test_ids_classes_and_references_cannot_be_the_pages_own():
    html = clean('<a id="main" class="jp-Cell x lm-y carrel-z" href="#main">x</a>')
    assert html == '<a id="out-main" class="x" href="#out-main">x</a>'


def test_macros_split_by_markup_are_found():
    for html in (r"$\href{x}{y}$", r"$\hr<wbr>ef{x}{y}$", r"$\hr<!-- -->ef{x}{y}$", r"$\hr&#101;f{x}{y}$"):
        assert r"\href" not in text_of(clean(html))


def test_a_data_frame_stays_as_it_is():
    frame = pd.DataFrame(np.arange(12).reshape(4, 3), columns=["年龄", "b & c", "<d>"])
    html = frame._repr_html_()
    cleaned = clean(html)
    assert text_of(cleaned) == text_of(html)
    assert 'class="dataframe"' in cleaned
    assert ".dataframe tbody tr th {vertical-align:top;}" in cleaned
    assert cells(cleaned) == 4 * 4 + 4


def test_a_styled_table_keeps_colours_bars_and_caption():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    html = frame.style.background_gradient().bar(subset=["a"]).set_caption("表 1").to_html()
    cleaned = clean(html)
    assert text_of(cleaned) == text_of(html)
    assert cleaned.count("background-color:") == html.count("background-color:")
    assert "linear-gradient(90deg, #d65f5f" in cleaned
    selectors = re.findall(r"#(T_\w+_row0_col1)", html)
    assert f"#out-{selectors[0]}" in cleaned
    assert f'id="out-{selectors[0]}"' in cleaned


def test_a_regression_summary_keeps_every_figure():
    statsmodels = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    design = statsmodels.add_constant(rng.random((40, 2)))
    html = statsmodels.OLS(rng.random(40), design).fit().summary().as_html()
    assert text_of(clean(html)) == text_of(html)


def test_an_estimators_diagram_stays_readable():
    pipeline = pytest.importorskip("sklearn.pipeline")
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    html = pipeline.make_pipeline(preprocessing.StandardScaler())._repr_html_()
    cleaned = clean(html)
    assert "StandardScaler" in text_of(cleaned)
    assert ".sk-top-container" in cleaned
    assert "<input" in html
    assert "<input" not in cleaned


def test_sloppy_markup_is_repaired_not_lost():
    html = "<P>one<p>two<UL><LI>a<LI>b</UL><table><tr><td>1<td>2<tr><td>3</table><b><i>x</b></i> & < y"
    assert clean(html) == (
        "<p>one</p><p>two</p><ul><li>a</li><li>b</li></ul><table><tbody><tr><td>1</td><td>2</td></tr>"
        "<tr><td>3</td></tr></tbody></table><b><i>x</i></b> &amp; &lt; y"
    )


def test_a_newline_at_the_start_of_preformatted_text_is_not_lost_twice():
    assert clean("<pre>\n\nx</pre>") == "<pre>\n\nx</pre>"


def test_tqdm_in_a_page_keeps_its_progress():
    html = '<progress value="3" max="10" style="width:300px; height:20px;"></progress> 30% [3/10]'
    cleaned = clean(html)
    assert 'value="3" max="10"' in cleaned
    assert "width:300px" in cleaned


@pytest.mark.parametrize(
    "html",
    [
        "<b>x</b>",
        "<table><tbody><tr><td>1</td></tr></tbody></table>",
        '<p class="a">x<br/>y</p>',
        "<style>a{color:red}</style>",
    ],
)
def test_plain_markup_takes_the_short_way(html):
    assert well_formed(html, 100, 1000)


@pytest.mark.parametrize(
    "html",
    [
        "<b>x",
        "</b>",
        "<b></i></b>",
        "<p><div></div></p>",
        "<p><p></p></p>",
        "<a><a></a></a>",
        "<table><b></b></table>",
        "<td></td>",
        "<li></li>",
        "<h1><h2></h2></h1>",
        '<style><b a="</style><div>"></b></style>',
        "<script></script>",
        "<svg></svg>",
        '<b a="<"></b>',
        "<b\xa0a></b>",
        "<b a='x'b='y'></b>",
        "a < b",
        "<b>" * 101 + "</b>" * 101,
        "<b " + " ".join(f"a{n}=1" for n in range(65)) + "></b>",
    ],
)
def test_what_a_parser_would_repair_does_not(html):
    assert not well_formed(html, 100, 1000)


def test_depth_and_number_of_elements_are_bounded():
    cleaned = clean("<div>" * 5000 + "x")
    assert cleaned == "<div>" * 100 + "x" + "</div>" * 100
    assert clean_html("<br>" * 11, replace(DEFAULTS, markup_elements=10)) is None
    assert clean_html("x" * 11, replace(DEFAULTS, html_bytes=10)) is None


def test_formatting_left_open_is_not_multiplied():
    html = "<p>" + "".join(f'<font size="{n}">' for n in range(90)) + "<p>x</p>" * 2000
    assert len(clean(html)) < 3 * len(html)
