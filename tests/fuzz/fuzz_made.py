"""What hostile code in an engine would write, with the structure of the real thing.

Each generator knows the form of what it makes, so that most of it gets past the first check, and puts
attacks where content stands. `UNKNOWN` values stand under names that no table has: they never pass.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

CORPUS = Path(__file__).parents[1] / "unit/outputs/corpus"
UNKNOWN = "UNKNOWN-FIELD-CANARY"
BULK = "bulk " * 800
"""Text of a size that shows when it is not counted."""
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
GIF = base64.b64encode(
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
).decode()
ADDRESSES = [
    "https://evil.example/?q=",
    "//evil.example",
    "javascript:alert(1)",
    "data:text/html,<b>",
    "blob:x",
    "#x",
    "www.evil.example",
    "attachment:a.png",
    "..",
    "\x01javascript:x",
]


def _vectors(name: str) -> list[str]:
    return (CORPUS / name).read_text(encoding="utf-8").removesuffix("\n").split("\n%%\n")


def _mixed(name: str, pattern: str, *more: str) -> st.SearchStrategy[str]:
    vectors = _vectors(name)
    parts = sorted({part for attack in vectors for part in re.findall(pattern, attack)} | set(more))
    shuffled = st.lists(st.sampled_from(parts) | st.text(max_size=4), max_size=16).map("".join)
    spliced = st.tuples(st.sampled_from(vectors), st.integers(0, 400), st.sampled_from(vectors)).map(
        lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] :]
    )
    return st.sampled_from(vectors) | shuffled | spliced


ELEMENTS = re.findall(
    r"\S+",
    """a b p div span table tr td th tbody ul li pre style svg g use image text foreignObject math mtext mi mglyph
    annotation-xml script iframe form input button object embed base meta link title textarea noscript template
    select option frameset body html head details font img video audio animate set h1 h2 br noembed xmp plaintext""",
)
ATTRIBUTES = re.findall(
    r"\S+",
    """href src xlink:href style class id title onclick onload onerror srcset action formaction background
    poster data ping target download http-equiv content srcdoc fill clip-path d x width colspan name data-x xmlns
    xmlns:xlink attributeName values to from begin contenteditable is slot""",
)
STYLES = [
    "color:red",
    "background:url(https://evil.example)",
    "position:fixed",
    "width:1px;}",
    "--a:url(//x)",
    "background:u\\72l(//x)",
    "color:expression(1)",
    "fill:url(#a)",
    "content:'</style>'",
    "@import '//x'",
]
QUOTES = ['"', "'", "", "`"]
VALUE = st.sampled_from(
    [
        *ADDRESSES,
        *STYLES,
        "red",
        "1",
        "jp-Button",
        "a b",
        "&#106;avascript:x",
        "&quot;><script>",
        "<b>",
        BULK,
        BULK.replace(" ", "")[:100],
    ]
) | st.text(max_size=6)


@st.composite
def _element(draw: Any, inner: st.SearchStrategy[str]) -> str:
    name = draw(st.sampled_from(ELEMENTS))
    quote = st.sampled_from(QUOTES)
    attributes = "".join(
        f" {key}={(q := draw(quote))}{value}{q}"
        for key, value in draw(st.lists(st.tuples(st.sampled_from(ATTRIBUTES), VALUE), max_size=3))
    )
    end = draw(
        st.sampled_from(
            [
                f"</{name}>",
                f"</{name}>",
                f"</{name}>",
                "",
                "/>",
                f"</{name.upper()} x>",
                "</p>",
                "</table>",
                "-->",
            ]
        )
    )
    return f"<{name}{attributes}>{draw(inner)}{end}"


TEXT = st.sampled_from(
    [
        "x",
        "&lt;b&gt;",
        "<!--",
        "-->",
        "]]>",
        "<![CDATA[",
        "\\href{//x}{y}",
        "$\\url{x}$",
        "&#x3c;script>",
        "</style>",
        "\0",
        "<?xml ?>",
        BULK,
    ]
) | st.text(max_size=5)
TREE = st.recursive(
    TEXT, lambda inner: _element(inner) | st.lists(inner, max_size=4).map("".join), max_leaves=12
)
HTML = TREE | _mixed("html.txt", r"<[^>]*>|[^<]+", "<table>", "<td>", "<svg>", "<style>", "</style>")
CSS = _mixed(
    "css.txt",
    r"[\w-]+|\s+|[^\w\s]",
    "{",
    "}",
    "url(",
    '"',
    "'",
    "\\",
    "/*",
    "*/",
    "@media",
    "</style>",
    *STYLES,
)
SVG_ROOT = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
SVG = (
    _mixed("svg.txt", r"<[^>]*>|[^<]+")
    | TREE.map(lambda inner: f"{SVG_ROOT}{inner}</svg>")
    | CSS.map(lambda css: f"{SVG_ROOT}<style>{css.replace('<', '').replace('&', '')}</style><g/></svg>")
)
MARKDOWN = (
    _mixed("markdown.txt", r"\w+|\s+|[^\w\s]+", "[", "](", "]:", "<", "`", "$", "\n", "\\", *ADDRESSES) | HTML
)
PLAIN = _mixed(
    "text.txt",
    r"\w+|\s+|[^\w\s]+",
    "\r",
    "\b",
    "\x1b[31m",
    "\x1b]8;;",
    "\x07",
    "\x9b",
    ":",
    "//",
    BULK,
    *ADDRESSES,
)
IMAGE = st.sampled_from([PIXEL, GIF, PIXEL + "AAAA", PIXEL[:40], "/9j/4AAQ", "", "PHN2Zz4="]) | st.binary(
    max_size=40
).map(lambda data: base64.b64encode(base64.b64decode(PIXEL) + data).decode())

HUGE = st.sampled_from([10**3000, -(10**3000), 2**63, 1e308, 5e-324, 0, -1])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | HUGE
    | VALUE
    | HTML
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8) | VALUE, inner, max_size=4)
    ),
    max_leaves=10,
)


def unknown(known: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A mapping to which names are added that no table has."""
    names = st.sampled_from(
        ["x_unknown", "__proto__", "constructor", "trusted", "orig_nbformat", "X-unknown"]
    )
    return st.tuples(known, st.dictionaries(names, st.just(UNKNOWN), max_size=2)).map(
        lambda both: {**both[1], **both[0]}
    )


def mostly(likely: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is likely, and now and then anything."""
    return st.integers(0, 9).flatmap(lambda chance: JSON if chance == 0 else likely)


def texts(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """A text, or the list of lines that a notebook on disk may have of it."""
    return text | st.lists(text, max_size=3)


PLOTLY = "application/vnd.plotly.v1+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Plotly's names are its own; what a figure holds is counted, and draws at most.
TRACE = st.fixed_dictionaries(
    {"type": st.sampled_from(["scatter", "bar", "image", "scattermapbox", "choropleth", "pie", "nope"])},
    optional={
        "text": mostly(HTML),
        "source": VALUE,
        "x": JSON,
        "hovertemplate": HTML,
        "marker": JSON,
        "geojson": VALUE,
    },
)
FIGURE = st.fixed_dictionaries(
    {"data": mostly(st.lists(TRACE, max_size=2))},
    optional={
        "layout": mostly(
            st.dictionaries(
                st.sampled_from(["title", "images", "mapbox", "geo", "annotations", "template"]),
                JSON,
                max_size=3,
            )
        ),
        "config": JSON,
        "frames": JSON,
    },
)
IDS = st.sampled_from(["c1", "c2", "c3", "c4", "c5", "a" * 128, "../x", "", "é", "<b>"])
MODELS = [
    "HTMLModel",
    "HTMLMathModel",
    "ImageModel",
    "LabelModel",
    "TextModel",
    "IntSliderModel",
    "LayoutModel",
    "ButtonModel",
    "ButtonStyleModel",
    "OutputModel",
    "DropdownModel",
    "VBoxModel",
    "LinkModel",
    "TabModel",
    "FileUploadModel",
    "VideoModel",
    "AnyModel",
]
VIEW = st.fixed_dictionaries(
    {"model_id": mostly(IDS)},
    optional={"version_major": HUGE, "version_minor": HUGE, "x_unknown": st.just(UNKNOWN)},
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "text/plain": mostly(texts(PLAIN)),
        "text/html": mostly(texts(HTML)),
        "text/markdown": mostly(texts(MARKDOWN)),
        "text/latex": mostly(texts(PLAIN)),
        "image/svg+xml": mostly(texts(SVG)),
        "image/png": mostly(IMAGE),
        "image/jpeg": mostly(IMAGE),
        "image/gif": mostly(IMAGE),
        "application/json": JSON,
        PLOTLY: mostly(FIGURE),
        WIDGET_VIEW: mostly(VIEW),
        "application/vnd.jupyter.stdout": mostly(PLAIN),
        "application/javascript": st.just(UNKNOWN),
        "application/pdf": st.just(UNKNOWN),
        "text/vnd.mermaid": st.just(UNKNOWN),
        "application/vnd.jupyterlab.x+json": st.just({"a": UNKNOWN}),
        "Text/HTML": st.just(UNKNOWN),
        "www.evil.example/x": st.just(UNKNOWN),
        "data:/x": st.just(UNKNOWN),
    },
)
METADATA = unknown(
    st.fixed_dictionaries(
        {},
        optional={
            "needs_background": VALUE,
            "isolated": st.just(UNKNOWN),
            "image/png": st.dictionaries(
                st.sampled_from(["width", "height", "unconfined", "x_unknown"]), HUGE | VALUE, max_size=3
            ),
            "text/html": st.just({"isolated": UNKNOWN}),
        },
    )
)


def _output(parts: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return unknown(st.fixed_dictionaries(parts, optional=optional))


BUNDLED = {"data": mostly(DATA), "metadata": mostly(METADATA)}
STREAM = {"name": st.sampled_from(["stdout", "stderr", "other"]), "text": mostly(texts(PLAIN))}
ERROR = {"ename": mostly(PLAIN), "evalue": mostly(PLAIN), "traceback": mostly(st.lists(PLAIN, max_size=3))}
OUTPUT = (
    _output({"output_type": st.just("stream"), **STREAM})
    | _output({"output_type": st.just("display_data"), **BUNDLED}, transient=JSON)
    | _output({"output_type": st.just("execute_result"), **BUNDLED}, execution_count=HUGE)
    | _output({"output_type": st.just("error"), **ERROR})
)
CELL_METADATA = unknown(
    st.fixed_dictionaries(
        {},
        optional={
            "tags": mostly(st.lists(VALUE | st.just("parameters"), max_size=4)),
            "collapsed": JSON,
            "jupyter": mostly(st.just({"source_hidden": True, "x_unknown": UNKNOWN})),
            "editable": st.booleans(),
        },
    )
)
ATTACHMENTS = st.dictionaries(
    VALUE | st.just("a.png"),
    mostly(st.fixed_dictionaries({"image/png": IMAGE}, optional={"text/html": st.just(UNKNOWN)})),
    max_size=2,
)
CELL = unknown(
    st.fixed_dictionaries(
        {
            "cell_type": st.sampled_from(["code", "code", "markdown", "raw"]),
            "source": mostly(texts(MARKDOWN)),
        },
        optional={
            "id": mostly(IDS),
            "metadata": mostly(CELL_METADATA),
            "execution_count": JSON,
            "outputs": mostly(st.lists(mostly(OUTPUT), max_size=4)),
            "attachments": mostly(ATTACHMENTS),
        },
    )
)
NOTEBOOK_METADATA = unknown(
    st.fixed_dictionaries(
        {},
        optional={
            "kernelspec": mostly(
                unknown(
                    st.dictionaries(st.sampled_from(["name", "display_name", "language"]), VALUE, max_size=3)
                )
            ),
            "language_info": mostly(
                unknown(
                    st.fixed_dictionaries(
                        {"name": st.just("python")},
                        optional={
                            "version": VALUE,
                            "codemirror_mode": st.just("x")
                            | st.fixed_dictionaries({"name": st.just("ipython"), "version": HUGE}),
                        },
                    )
                )
            ),
            "widgets": st.just({"state": UNKNOWN}),
        },
    )
)
NOTEBOOK = unknown(
    st.fixed_dictionaries(
        {"nbformat": st.just(4), "cells": mostly(st.lists(mostly(CELL), max_size=4))},
        optional={"nbformat_minor": JSON, "metadata": mostly(NOTEBOOK_METADATA)},
    )
)


@st.composite
def damaged(draw: Any, value: st.SearchStrategy[Any]) -> bytes:
    """``value`` as JSON, with a few bytes cut, repeated or put in: what a parser gets to read."""
    data = json.dumps(draw(value)).encode()
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 20)))
        put = draw(
            st.sampled_from(
                [
                    b"",
                    b'"',
                    b"{",
                    b"[" * 40,
                    b"}",
                    b",",
                    b":",
                    b"\\ud800",
                    b"\xff",
                    b"1e999",
                    b"NaN",
                    b"\0",
                    b"9" * 5000,
                ]
            )
            | st.binary(max_size=6)
        )
        data = data[:start] + put + data[draw(st.sampled_from([start, end])) :]
    return data
