"""Hostile outputs take no more time than large honest ones: nothing is quadratic."""

from __future__ import annotations

import time

import pytest

from export_guard.outputs import DEFAULTS, filter_bundle
from export_guard.outputs.text import plain_text

SIZE = 2**20
# An honest megabyte takes a tenth of a second; what follows took minutes or gigabytes without care.
SECONDS = 8.0


def repeated(text: str) -> str:
    return (text * (SIZE // len(text) + 1))[:SIZE]


SVG = "<svg xmlns='http://www.w3.org/2000/svg'>"
HOSTILE = {
    "open tags": ("text/html", repeated("<b>")),
    "open blocks": ("text/html", repeated("<div>")),
    "links": ("text/html", repeated("<a href=#x><div>")),
    "paragraphs in formatting": ("text/html", repeated("<b><p>")),
    "formatting opened again": (
        "text/html",
        "".join(f"<font size={n}>" for n in range(90)) + repeated("<p>x</p>")[:900_000],
    ),
    "attributes": ("text/html", "<a " + repeated("b=1 ")[:1_000_000] + ">"),
    "many attributes": ("text/html", "<a " + " ".join(f"b{n}" for n in range(120_000)) + ">"),
    "comments": ("text/html", repeated("<!--")),
    "quotes": ("text/html", repeated('<a b="')),
    "unended": ("text/html", repeated("<title>x</x>")),
    "closing": ("text/html", "<b>" * 99 + repeated("</i>")[:1_000_000]),
    "tables": ("text/html", repeated("<table><tr><td>")),
    "foster parents": ("text/html", "<table>" + repeated("x<b>")[:1_000_000]),
    "spaces": ("text/html", "<a" + " " * 1_000_000),
    "styles": ("text/html", repeated("<style>a{color:red}</style>")),
    "style attributes": ("text/html", repeated("<b style=\"color:'x'\"></b>")),
    "selectors": ("text/html", "<style>" + repeated("a ")[:500_000] + "{color:red}</style>"),
    "parentheses": ("text/html", "<style>a{color:" + "(" * 120_000 + "}</style>"),
    "braces": ("text/html", "<style>" + "a{" * 60_000 + "</style>"),
    "entities": ("text/html", repeated("&amp")),
    "macros": ("text/html", repeated("\\href")),
    "svg in html": ("text/html", "<svg>" + repeated("<g>")[:1_000_000]),
    "svg deep": ("image/svg+xml", SVG + repeated("<g>")),
    "svg namespaces": ("image/svg+xml", SVG[:-1] + " ".join(f"xmlns:a{n}='x'" for n in range(60_000)) + "/>"),
    "markdown brackets": ("text/markdown", repeated("[")),
    "markdown links": ("text/markdown", repeated("[a](")),
    "markdown definitions": ("text/markdown", repeated("[a\n")),
    "markdown images": ("text/markdown", repeated("![")),
    "markdown fences": ("text/markdown", repeated("``~~")),
    "markdown mail": ("text/markdown", "a" * 500_000 + "@" + "b" * 500_000),
    "markdown quotes": ("text/markdown", repeated("> ")),
    "markdown styles": ("text/markdown", repeated('<b style="color:a;')),
    "escapes": ("text/plain", repeated("\x1b[")),
    "commands": ("text/plain", repeated("\x1b]")),
    "backspaces": ("text/plain", repeated("a\b")),
    "colours": ("text/plain", ":" + repeated("\x1b[0m")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_it_is_done_soon_and_does_not_grow(name):
    media_type, value = HOSTILE[name]
    started = time.perf_counter()
    filtered = filter_bundle({media_type: value}, {})
    assert time.perf_counter() - started < SECONDS
    assert filtered.size <= DEFAULTS.svg_bytes


def test_colours_before_a_slash_are_looked_at_once():
    started = time.perf_counter()
    plain_text((":" + "\x1b[0m" * 50) * 5000, joins=True, overwrites=True)
    assert time.perf_counter() - started < SECONDS
