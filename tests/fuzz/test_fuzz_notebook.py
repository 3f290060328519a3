"""Fuzz: any notebook on disk gives a valid one with nothing active, and it is metered."""

from __future__ import annotations

import re

import nbformat
from fuzz_made import CSS, HTML, MARKDOWN, NOTEBOOK, PLAIN, SVG, damaged
from fuzz_running import fuzzed, listed
from fuzz_strict import (
    assert_inert_css,
    assert_inert_html,
    assert_markdown,
    assert_notebook,
    assert_nothing_unknown,
    assert_svg,
    assert_text,
    bytes_of,
)
from hypothesis import given
from hypothesis import strategies as st

from export_guard.contents import notebooks
from export_guard.contents import problems as contents_problems
from export_guard.outputs import DEFAULTS, Refused, bounded_json, css, filter_notebook
from export_guard.outputs.html import clean_html
from export_guard.outputs.markdown import inert_markdown
from export_guard.outputs.svg import clean_svg
from export_guard.outputs.text import plain_text

STRING = re.compile(r'"[^"\\\n]*"')
"""Of CSS as it is written here; braces in one are text."""
FREE = 600
"""Bytes of a cell's and a notebook's fixed words that need not be counted."""


@listed
@given(NOTEBOOK)
@fuzzed(120)
def test_a_notebook(notebook):
    outcome = filter_notebook(notebook)
    shown = outcome.notebook
    nbformat.validate(shown)
    assert_notebook(shown)
    assert_nothing_unknown(shown)
    assert bytes_of(shown["cells"]) <= outcome.size * 2 + FREE * (len(shown["cells"]) + 1)
    assert filter_notebook(shown).notebook == shown


@listed
@given(damaged(NOTEBOOK))
@fuzzed(80)
def test_a_damaged_file(data):
    try:
        parsed = notebooks.parse(data)
    except contents_problems.Refused:
        pass
    else:
        assert_notebook(filter_notebook(parsed).notebook)
    try:
        parsed = bounded_json(data, DEFAULTS)
    except Refused:
        return
    assert_notebook(filter_notebook(parsed).notebook)


@listed
@given(HTML)
@fuzzed(150)
def test_html(html):
    cleaned = clean_html(html, DEFAULTS)
    assert cleaned is not None
    assert_inert_html(cleaned)
    assert clean_html(cleaned, DEFAULTS) == cleaned


@listed
@given(SVG)
@fuzzed(100)
def test_svg(svg):
    cleaned = clean_svg(svg, DEFAULTS)
    if cleaned is not None:
        assert_svg(cleaned)
        assert clean_svg(cleaned, DEFAULTS) == cleaned


@listed
@given(CSS)
@fuzzed(100)
def test_css(text):
    sheet = css.stylesheet(text, 10**6)
    assert_inert_css(STRING.sub('""', sheet))
    assert css.stylesheet(sheet, 10**6) == sheet
    declarations = css.declarations(text)
    plain = STRING.sub('""', declarations)
    assert_inert_css(plain)
    assert "}" not in plain
    assert css.declarations(declarations) == declarations


@listed
@given(MARKDOWN)
@fuzzed(100)
def test_markdown(text):
    cleaned = inert_markdown(text)
    assert_markdown(cleaned)
    assert inert_markdown(cleaned) == cleaned


@listed
@given(st.lists(PLAIN, min_size=1, max_size=4))
@fuzzed(80)
def test_text(messages):
    for text in messages:
        assert_text(plain_text(text))
    shown = ""
    for text in messages:
        shown += plain_text(text, joins=True, overwrites="\r" in shown)
    assert_text(shown)
