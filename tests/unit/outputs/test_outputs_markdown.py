"""Markdown: read by an independent parser, no attack leaves an outside link or active HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import mistune
import pytest
from outputs_strict import vectors

from export_guard.outputs.markdown import inert_markdown

ATTRIBUTES = {
    "href", "src", "alt", "class", "id", "align", "style", "width", "height", "color", "size", "colspan",
    "rowspan", "start",
}  # fmt: skip
PLACE = re.compile(r"#[\w-]*|attachment:[\w. -]+|[\w%~+=,;-][\w./%~+=,;-]*|\.[\w./-]+")


class Links(HTMLParser):
    """Collects what a page would do with rendered Markdown."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "svg", "math", "style", "object", "form", "button", "meta", "link"}:
            self.bad.append(tag)
        for name, value in attributes:
            if tag == "input" and name in ("type", "checked", "disabled"):
                continue
            if name not in ATTRIBUTES:
                self.bad.append(f"{tag} {name}")
            elif name in ("href", "src") and not PLACE.fullmatch(value or ""):
                self.bad.append(f"{tag} {name}={value}")

    handle_startendtag = handle_starttag


def rendered(text: str) -> list[str]:
    """What is active in ``text`` as CommonMark with tables, footnotes and bare addresses renders it."""
    page = Links()
    for plugins in ([], ["url", "table", "strikethrough", "footnotes", "task_lists", "def_list"]):
        page.feed(str(mistune.create_markdown(escape=False, plugins=plugins)(text)))
    return page.bad


@pytest.mark.parametrize("attack", vectors("markdown.txt"))
def test_an_attack_comes_out_inert_and_passes_again_unchanged(attack):
    cleaned = inert_markdown(attack)
    assert rendered(cleaned) == []
    assert inert_markdown(cleaned) == cleaned
    assert not re.search(r"(?i)://|www\.\w|\\(?:href|style|class|cssId|require|mmlToken)\b", cleaned)


@pytest.mark.parametrize("attack", vectors("markdown.txt"))
def test_an_attack_in_a_quote_a_list_and_a_table_comes_out_inert(attack):
    for prefix in ("> ", "- ", "1. ", "    ", "> - "):
        moved = "\n".join(prefix + line for line in attack.split("\n"))
        assert rendered(inert_markdown(moved)) == []


def test_the_checker_finds_what_it_is_for():
    assert sum(bool(rendered(attack)) for attack in vectors("markdown.txt")) > 25


@pytest.mark.parametrize(
    "text",
    [
        "# 标题\n\n*a* **b** `c` ~~d~~\n\n- one\n- two\n\n1. three\n\n> quote\n\n---",
        "[other](other.ipynb) [up](../x/y.md) [here](#part-2) ![figure](attachment:figure.png)",
        "| a | b |\n|:--|--:|\n| 1 | 2 |",
        "$a_1 < b$, $$\\frac{a}{b} \\text{ if } x > 0$$\n\n\\begin{align} a &= b \\\\ c &= d \\end{align}",
        "```python\ndef f(x: int) -> str:\n    return f[0](x), a[1:2], {'k': v}\n```",
        'x<br>y <b>bold</b> <span style="color:red">red</span> <font color="#f00" size="3">x</font>',
        '<center><img src="attachment:a.png" width="300"></center>\n\n<details><summary>x</details>',
        "5 < 6, a & b, &nbsp;&alpha;&lt;&amp; \\* \\[x\\] \\(y\\)",
        "HR 1.5 (95% CI: 1.1-2.0); p<0.05; ratio 3:1; 10:30",
    ],
)
def test_what_people_write_is_not_changed(text):
    assert inert_markdown(text) == text


def test_code_keeps_its_text_to_the_eye():
    text = "```\n<b onclick=x> [x](https://y) a@b.c\n```"
    assert inert_markdown(text).replace("\u2060", "") == text


def test_a_fence_cannot_write_attributes_or_draw():
    assert inert_markdown('```py"><img src=x>\nx\n```').startswith("```pyimg srcx\n".replace("srcx", "src=x"))
    assert "```mermaid" not in inert_markdown("```mermaid\nx\n```")
