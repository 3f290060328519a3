"""Fuzz: whatever comes, nothing raises, what is shown is inert, and it passes again unchanged.

`CARREL_FUZZ` is the number of examples of each (a hundred when it is not set).
"""

from __future__ import annotations

import json
import os
import re

import nbformat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outputs_made import PIXEL, message
from outputs_strict import assert_inert_css, assert_inert_html, vectors

from export_guard.outputs import (
    DEFAULTS,
    Refused,
    WireState,
    bounded_json,
    filter_bundle,
    filter_notebook,
    filter_reply,
    filter_request,
)
from export_guard.outputs import css as css_module
from export_guard.outputs.html import clean_html
from export_guard.outputs.markdown import inert_markdown
from export_guard.outputs.media_types import MEDIA_TYPES
from export_guard.outputs.messages import REPLIES
from export_guard.outputs.requests import REQUESTS
from export_guard.outputs.svg import clean_svg
from export_guard.outputs.text import plain_text

FUZZ = settings(
    max_examples=int(os.environ.get("CARREL_FUZZ", "100")),
    deadline=None,
    derandomize="CARREL_FUZZ" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


def pieces(name: str, pattern: str) -> list[str]:
    """The corpus taken apart, to be put together in other orders."""
    return sorted({part for attack in vectors(name) for part in re.findall(pattern, attack)})


def mixed(name: str, pattern: str, *more: str) -> st.SearchStrategy[str]:
    parts = st.sampled_from(pieces(name, pattern) + list(more)) | st.text(max_size=4)
    return st.lists(parts, max_size=20).map("".join)


HTML = mixed(
    "html.txt", r"<[^>]*>|[^<]+", "<table>", "<tr>", "<td>", "<svg>", "<style>", "</style>", "<p>", "</p>"
)
CSS = mixed(
    "css.txt", r"[\w-]+|\s+|[^\w\s]", "{", "}", ";", "url(", '"', "'", "\\", "/*", "*/", "@media", "</style>"
)
SVG = mixed("svg.txt", r"<[^>]*>|[^<]+")
MARKDOWN = mixed("markdown.txt", r"\w+|\s+|[^\w\s]+", "[", "](", "]:", "<", "`", "$", '"', "\n", "\\")
TEXT = st.text(st.sampled_from("htps:/w.data\r\n\b\x1b[]0m;\\\x07\x9b \u2060x"), max_size=40)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([PIXEL])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
FIELDS = (
    "data metadata transient display_id text name code status payload user_expressions matches "
    "history comms comm_id target_name state _model_name _model_module method states buffer_paths "
    "source value content execution_count traceback ename evalue language_info prompt "
)
NAMES = st.sampled_from(re.findall(r"\w+", FIELDS))
KNOWN = st.sampled_from(
    [
        "jupyter.widget",
        "jupyter.widget.control",
        "HTMLModel",
        "@jupyter-widgets/controls",
        "update",
        "stdout",
        "c1",
    ]
)
VALUES = st.recursive(
    JSON | KNOWN,
    lambda inner: st.dictionaries(NAMES | st.sampled_from(["c1", "a"]), inner, max_size=5),
    max_leaves=12,
)
CONTENT = st.dictionaries(NAMES, VALUES, max_size=8)


@FUZZ
@given(HTML)
def test_html(html):
    cleaned = clean_html(html, DEFAULTS)
    assert cleaned is not None
    assert_inert_html(cleaned)
    assert clean_html(cleaned, DEFAULTS) == cleaned


@FUZZ
@given(CSS)
def test_css(css):
    sheet = css_module.stylesheet(css, 10**6)
    assert_inert_css(sheet)
    assert css_module.stylesheet(sheet, 10**6) == sheet
    declarations = css_module.declarations(css)
    assert_inert_css(declarations)
    assert "}" not in declarations
    assert css_module.declarations(declarations) == declarations
    assert_inert_html(clean_html(f"<style>{css}</style><b style='{css}'>", DEFAULTS) or "")


@FUZZ
@given(SVG)
def test_svg(svg):
    for document in (svg, f'<svg xmlns="http://www.w3.org/2000/svg">{svg}</svg>'):
        cleaned = clean_svg(document, DEFAULTS)
        if cleaned is not None:
            assert "evil.example" not in re.sub(r">[^<]*<", "><", cleaned)
            assert not re.search(r"<(?:script|foreignObject|a|animate|set)\b|\son\w+=|javascript:", cleaned)
            assert clean_svg(cleaned, DEFAULTS) == cleaned


@FUZZ
@given(MARKDOWN)
def test_markdown(text):
    cleaned = inert_markdown(text)
    assert inert_markdown(cleaned) == cleaned
    assert not re.search(
        r"(?i)://|<script|<a[\s>]|\\href\b|javascript:[^\u2060]*\)\Z", cleaned.replace("\u2060(", "")
    )


@FUZZ
@given(st.lists(TEXT, max_size=5))
def test_text(messages):
    shown = ""
    for text in messages:
        shown += plain_text(text, joins=True, overwrites="\r" in shown)
    assert "://" not in re.sub("\x1b\\[[\\d;:]*m", "", shown)
    assert "\x1b]" not in shown
    assert plain_text(plain_text("".join(messages))) == plain_text("".join(messages))


@FUZZ
@given(st.dictionaries(st.sampled_from([*MEDIA_TYPES, "x/y"]), JSON | HTML | MARKDOWN, max_size=4), JSON)
def test_a_bundle(data, metadata):
    filtered = filter_bundle(data, metadata)
    assert set(filtered.data) <= set(MEDIA_TYPES)
    assert_inert_html(filtered.data.get("text/html", ""))
    json.dumps(filtered.data, allow_nan=True).encode()
    again = filter_bundle(filtered.data, filtered.metadata)
    assert (again.data, again.metadata) == (filtered.data, filtered.metadata) or "nan" in repr(data)


@FUZZ
@given(st.sampled_from(sorted(REPLIES)), CONTENT, st.lists(st.binary(max_size=20), max_size=2), JSON)
def test_a_reply(kind, content, buffers, metadata):
    state = WireState(comms={"c1": "HTMLModel"})
    made = message(kind[1], content, buffers=buffers, metadata=metadata)
    outcome = filter_reply(kind[0], made, DEFAULTS, state)
    assert outcome.message is None or outcome.message["content"] is not None
    assert "<script" not in json.dumps(outcome.message)


@FUZZ
@given(st.sampled_from(sorted(REQUESTS)), CONTENT)
def test_a_request(kind, content):
    outcome = filter_request(kind[0], message(kind[1], content), DEFAULTS, WireState())
    assert (outcome.message is None) == (outcome.reason is not None)


@FUZZ
@given(st.dictionaries(st.sampled_from(["header", "parent_header", "metadata", "content", "buffers"]), JSON))
def test_parts_of_any_form(parts):
    made = message("stream", {"name": "stdout", "text": "x"}) | parts
    if not isinstance(made["buffers"], list) or not all(isinstance(item, str) for item in made["buffers"]):
        made["buffers"] = []
    filter_reply("iopub", made, DEFAULTS, WireState())
    filter_request("shell", made, DEFAULTS, WireState())


CELL = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown", "raw"])},
    optional={
        "source": MARKDOWN | JSON,
        "metadata": JSON,
        "id": JSON,
        "execution_count": JSON,
        "attachments": JSON,
        "outputs": JSON
        | st.lists(
            st.fixed_dictionaries(
                {"output_type": st.sampled_from(["stream", "display_data", "execute_result", "error"])},
                optional={
                    "data": JSON | st.fixed_dictionaries({"text/html": HTML}),
                    "text": TEXT,
                    "name": KNOWN,
                },
            ),
            max_size=3,
        ),
    },
)


@FUZZ
@given(st.lists(CELL | JSON, max_size=4), JSON)
def test_a_notebook(cells, metadata):
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    outcome = filter_notebook(made)
    nbformat.validate(outcome.notebook)
    for cell in outcome.notebook["cells"]:
        for output in cell.get("outputs", []):
            assert_inert_html(output.get("data", {}).get("text/html", ""))


@FUZZ
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_json(data):
    try:
        value = bounded_json(data, DEFAULTS)
    except Refused:
        return
    json.dumps(value, allow_nan=False)
