"""What no screen shows carries no text: characters without a glyph, attributes, styles, definitions."""

from __future__ import annotations

import pytest

from export_guard.outputs.html import clean_html
from export_guard.outputs.limits import DEFAULTS
from export_guard.outputs.markdown import inert_markdown
from export_guard.outputs.svg import clean_svg
from export_guard.outputs.text import JOINER, plain_text, visible

SECRET = "c2VjcmV0IHdvcmRzIHRoYXQgbm9ib2R5IG1heSBzZWUsIG5vdA"
UNSEEN = {
    "tags": "".join(chr(0xE0000 + ord(letter)) for letter in "secret"),
    "selectors": "".join(chr(0xFE00 + number) for number in range(14)),
    "more selectors": "".join(chr(0xE0100 + number) for number in range(60)),
    "zero widths": "\u200b\u200c\u200d\u2060\u2061\ufeff" * 9,
    "fillers": "\u3164\uffa0\u115f\u1160\u180e\u00ad\u034f",
    "presentation after a letter": "\ufe0f\ufe0e\ufe0f",
}


@pytest.mark.parametrize("unseen", UNSEEN.values(), ids=UNSEEN)
def test_characters_without_a_glyph_are_taken_out(unseen):
    assert visible(f"a{unseen}b") == "ab"
    assert visible(f"中{unseen}文").replace("\ufe0f", "").replace("\ufe0e", "") == "中文"
    assert plain_text(f"a{unseen}b") == "ab"
    assert clean_html(f"<p>a{unseen}b</p>", DEFAULTS) == "<p>ab</p>"
    assert (
        clean_html("<p>a" + "".join(f"&#{ord(each)};" for each in unseen) + "b</p>", DEFAULTS) == "<p>ab</p>"
    )
    assert inert_markdown(f"a{unseen}b") == "ab"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg'><text>a{unseen}b</text></svg>"
    assert ">ab</text>" in (clean_svg(svg, DEFAULTS) or "")


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "👩\u200d⚕️", "❤️ ☎︎", "乳腺癌，60 例", "é ñ"])
def test_scripts_and_pictures_that_need_one_keep_it(text):
    assert visible(text) == text


def test_nothing_joins_to_something_active_once_they_are_gone():
    assert JOINER in plain_text("https:\u200b//a.example")
    assert JOINER in inert_markdown("<\u200bscript>x")
    assert "script" not in (clean_html("<scr\u200bipt>x</scr\u200bipt>", DEFAULTS) or "")
    assert "jp-x" not in (clean_html("<p class='j\u200bp-x'>x</p>", DEFAULTS) or "")
    assert "url" not in (clean_html("<p style='background: ur\u200bl(x)'>x</p>", DEFAULTS) or "")
    assert "/*" not in (clean_html("<p style='grid-area: 1 /\u200b* 2'>x</p>", DEFAULTS) or "")


def test_an_entity_without_a_glyph_is_text_in_markdown():
    assert inert_markdown("a&#8203;b&shy;c") == f"a&{JOINER}#8203;b&{JOINER}shy;c"


@pytest.mark.parametrize(
    "html",
    [
        f"<p lang='{SECRET}'>x</p>",
        f"<p role='{SECRET}'>x</p>",
        f"<p dir='{SECRET}'>x</p>",
        f"<p hidden='{SECRET}'>x</p>",
        f"<td headers='{SECRET * 2}'>x</td>",
        f"<time datetime='{SECRET}'>x</time>",
        f"<font color='{SECRET}' face='{SECRET} 1'>x</font>",
        f"<table width='{SECRET}'><tr><td>x</td></tr></table>",
        f"<p style='--x: \"{SECRET}\"'>x</p>",
        f"<p style='--x: {SECRET}'>x</p>",
        f"<p style='width: {SECRET}'>x</p>",
        f"<p style='color: \"{SECRET}\"'>x</p>",
        f"<style>p {{ --x: '{SECRET}'; }}</style><p>x</p>",
        f"<style>p {{ width: {SECRET} }}</style><p>x</p>",
        f"<p class='{SECRET * 2}' id='{SECRET * 2}'>x</p>",
        f"<svg><defs><text>{SECRET}</text></defs><rect width='9' height='9'/></svg>",
        f"<svg><symbol><g><text><tspan>{SECRET}</tspan></text></g></symbol></svg>",
    ],
)
def test_html_has_no_place_for_a_text_that_no_screen_shows(html):
    assert SECRET not in (clean_html(html, DEFAULTS) or "")


def test_a_text_element_without_an_end_takes_nothing_with_it():
    cleaned = clean_html("<svg><defs><text/></defs><rect width='9'/></svg><p>x</p>", DEFAULTS)
    assert cleaned is not None
    assert "<rect" in cleaned
    assert "<p>x</p>" in cleaned


@pytest.mark.parametrize(
    "where", ["defs", "symbol", "clipPath", "mask", "pattern", "marker", "linearGradient"]
)
def test_svg_has_no_text_where_nothing_is_drawn(where):
    text = f"<text>{SECRET}<tspan>{SECRET}</tspan></text><path d='M0 0'/>"
    cleaned = clean_svg(
        f"<svg xmlns='http://www.w3.org/2000/svg'><{where}><g>{text}</g></{where}><text>seen</text></svg>",
        DEFAULTS,
    )
    assert cleaned is not None
    assert SECRET not in cleaned
    assert "<path" in cleaned
    assert "seen" in cleaned


@pytest.mark.parametrize(
    "html",
    [
        '<p lang="zh-Hans-CN">x</p>',
        '<table border="1" width="100%"><tbody><tr align="right"><td colspan="2" bgcolor="#ffeedd">x</td></tr></tbody></table>',
        '<time datetime="2026-01-31T10:00:00+08:00">x</time>',
        '<progress value="0.5" max="1"></progress>',
        '<p dir="rtl" role="row-group" title="any text; at all">x</p>',
        "<p style=\"font-family:'Noto Sans', serif;\">x</p>",
        '<p style="--depth:2;color:var(--jp-ui-font-color1);">x</p>',
    ],
)
def test_attributes_that_mean_something_stay(html):
    assert clean_html(html, DEFAULTS).replace("&quot;", "'") == html
