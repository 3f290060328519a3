"""SVG images: what draws stays, everything else is not written."""

from __future__ import annotations

import io
from dataclasses import replace
from xml.dom import minidom

import pytest
from outputs_strict import assert_inert_attribute, assert_inert_css, vectors

from export_guard.outputs.limits import DEFAULTS
from export_guard.outputs.svg import clean_svg

ROOT = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
ALLOWED = {"svg", "rect", "text", "g", "use", "image", "style", "filter", "defs", "path"}


@pytest.mark.parametrize("attack", vectors("svg.txt"))
def test_an_attack_comes_out_inert_or_not_at_all(attack):
    cleaned = clean_svg(attack, DEFAULTS)
    if cleaned is None:
        return
    assert "SECRET" not in cleaned
    assert "evil.example" not in cleaned
    elements = minidom.parseString(cleaned).getElementsByTagName("*")
    for element in elements:
        assert element.tagName in ALLOWED
        for name, value in element.attributes.items():
            if not name.startswith("xmlns"):
                assert_inert_attribute(element.tagName, name, value)
        if element.tagName == "style":
            text = "".join(node.data for node in element.childNodes)
            assert_inert_css(f".jp-OutputArea-output a {{}}{text}" if text else "")
    assert clean_svg(cleaned, DEFAULTS) == cleaned


@pytest.mark.parametrize(
    "bad", ["", "<svg/>", "<svg xmlns='http://www.w3.org/2000/svg'>", "x", "<svg xmlns='x'/>"]
)
def test_what_is_not_svg_is_refused(bad):
    assert clean_svg(bad, DEFAULTS) is None


def test_entities_are_refused_and_a_plain_document_type_is_dropped():
    doctype = (
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    )
    assert clean_svg(doctype + ROOT + "</svg>", DEFAULTS) == ROOT + "</svg>"
    for inside in ('<!ENTITY a "b">', '<!ATTLIST svg width CDATA "9">', ""):
        assert clean_svg(f"<!DOCTYPE svg [{inside}]>{ROOT}</svg>", DEFAULTS) is None


def test_a_figure_keeps_its_drawing():
    matplotlib = pytest.importorskip("matplotlib.figure")
    figure = matplotlib.Figure()
    left, right = figure.subplots(1, 2)
    left.plot([1, 2, 3], label="x")
    left.set_title("a < b & c")
    right.imshow([[0, 1], [1, 0]])
    written = io.StringIO()
    figure.savefig(written, format="svg")
    cleaned = clean_svg(written.getvalue(), DEFAULTS)
    assert cleaned is not None
    assert cleaned.count("<path") == written.getvalue().count("<path")
    assert cleaned.count("<use") == written.getvalue().count("<use")
    assert cleaned.count('xlink:href="data:image/png;base64,') == 1
    assert 'clip-path="url(#out-' in cleaned
    assert "stroke-linejoin:round" in cleaned
    assert "<metadata" not in cleaned
    assert clean_svg(cleaned, DEFAULTS) == cleaned


def test_depth_number_and_size_are_bounded():
    limits = replace(DEFAULTS, markup_depth=5, markup_elements=10, svg_bytes=1000)
    assert clean_svg(ROOT + "<g>" * 3 + "</g>" * 3 + "</svg>", limits) is not None
    assert clean_svg(ROOT + "<g>" * 6 + "</g>" * 6 + "</svg>", limits) is None
    assert clean_svg(ROOT + "<x>" * 6 + "</x>" * 6 + "</svg>", limits) is None
    assert clean_svg(ROOT + "<g/>" * 10 + "</svg>", limits) is None
    assert clean_svg(ROOT + " " * 1000 + "</svg>", limits) is None
