"""CSS: nothing that fetches, ends its element or reaches outside; the two parsers agree."""

from __future__ import annotations

import pytest
from outputs_strict import assert_inert_css, vectors

from export_guard.outputs import css, css_plain

LIMIT = 10**6


@pytest.mark.parametrize("attack", vectors("css.txt"))
def test_an_attack_comes_out_inert(attack):
    declarations = css.declarations(attack)
    assert_inert_css(f".jp-OutputArea-output a {{{declarations}}}")
    assert css.declarations(declarations) == declarations
    sheet = css.stylesheet(f"a {{ {attack} }} b {{ color: red }}", LIMIT)
    assert_inert_css(sheet)
    assert css.stylesheet(sheet, LIMIT) == sheet


@pytest.mark.parametrize("attack", vectors("css.txt"))
def test_an_attack_between_harmless_declarations_takes_nothing_with_it(attack):
    # Where the attack itself swallows what follows, a parser in a browser does too.
    written = css.declarations(f"color: red; {attack}")
    assert written.startswith("color:red;")


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        ("body", ".jp-OutputArea-output body"),
        ("a > b + c ~ d", ".jp-OutputArea-output a > b + c ~ d"),
        ("#T_1 td.x:hover", ".jp-OutputArea-output #out-T_1 td.x:hover"),
        ("td:not(.x):nth-child(2n+1)::before", ".jp-OutputArea-output td:not(.x):nth-child(2n+1)::before"),
        ('input[type="x"]', '.jp-OutputArea-output input[type="x"]'),
        (".jp-OutputArea-output .x", ".jp-OutputArea-output .x"),
        ("+ .x", ""),
        ("~ body", ""),
        ("> .x", ""),
        ("& ~ body", ""),
        (".jp-Notebook", ""),
        (".x .lm-Widget", ""),
        (r".j\70-x", ""),
        (".carrel-watermark", ""),
        (":not(.jp-x)", ""),
        (":host-context(x)", ""),
        (".jp-OutputArea-output + .x", ""),
        (".jp-OutputArea-output.x ~ .y", ""),
    ],
)
def test_a_rule_applies_below_an_output_or_not_at_all(selector, kept):
    assert css.stylesheet(f"{selector} {{color:red}}", LIMIT) == (f"{kept} {{color:red;}}" if kept else "")


def test_rules_that_are_not_for_outputs_are_left_out_and_the_others_stay():
    sheet = """
    @charset "utf-8"; @import url(https://evil.example); @namespace x url(y);
    @font-face { font-family: x; src: url(https://evil.example) }
    @keyframes x { from { color: red } } @supports (x: y) { a { color: red } } @layer x { a { color: red } }
    @media (prefers-color-scheme: dark) { a { color: white } @media print { a { color: blue } } }
    @media (min-width: calc(1px)) { a { color: red } }
    a { color: red; b { color: blue } }
    """
    assert css.stylesheet(sheet, LIMIT) == (
        "@media (prefers-color-scheme: dark) {\n.jp-OutputArea-output a {color:white;}\n}\n"
        ".jp-OutputArea-output a {color:red;}"
    )


@pytest.mark.parametrize(
    "declarations",
    [
        "color: red; background-color:#fff;width:10em",
        "background: linear-gradient(90deg, #d65f5f 23.1%, transparent 23.1%);",
        "color: rgba(1, 2, 3, .5) ; border: 1px solid rgb(0 0 0 / 50%)",
        "position: fixed; color: red",
        "",
        ";;",
    ],
)
def test_the_quick_way_and_the_parser_write_the_same(declarations):
    quick = css_plain.declarations(declarations)
    assert quick is not None
    # A comment takes the same text through the parser.
    assert css.declarations("/**/" + declarations) == quick
    sheet = f"#T_1 td, .x > b {{ {declarations} }}\nth {{color:blue}}"
    quick_sheet = css_plain.stylesheet(sheet, css.SCOPE)
    assert quick_sheet is not None
    assert css.stylesheet("/**/" + sheet, LIMIT) == quick_sheet


def test_a_sheet_over_its_limit_is_left_out():
    assert css.stylesheet("a{color:red}", 5) == ""
    assert css.stylesheet("a{content:'x'}" * 20_000, LIMIT) == ""


def test_a_drawing_points_into_its_own_document():
    assert css.declarations("fill: url(#a); clip-path:url('#b')") == "fill:url(#out-a);clip-path:url(#out-b);"
    assert css.declarations("background: url(#a)") == ""


def test_one_value_of_a_widgets_layout():
    assert css.value("10px", "width") == "10px"
    assert css.value("url(https://evil.example)", "background") is None
    assert css.value("1px; position: fixed", "width") is None
    assert css.value("1px", "position") is None


@pytest.mark.parametrize("gap", ["/**/", "/* x */", "/**//**/"])
def test_a_comment_joins_nothing(gap):
    for text in (f"background: url{gap}(x/y)", f"fill:u{gap}rl(#a)", f"background:image-set{gap}(x 1x)"):
        written = css.declarations(text)
        assert "(x" not in written.replace(" (", " ")
        assert "url(" not in written
    sheet = css.stylesheet(f".j{gap}p-Button, .a {{color:red}} b {{background:url{gap}(/hub/logout)}}", 1000)
    assert ".jp-Button" not in sheet
    assert "url(" not in sheet


def test_a_plain_custom_property_stays():
    assert css.declarations("--x:red") == "--x:red;"
