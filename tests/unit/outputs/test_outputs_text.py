"""Text outputs: JupyterLab finds no address in them, and colours and progress bars stay."""

from __future__ import annotations

import re

import pytest
from outputs_strict import vectors

from export_guard.outputs.tex import inert_tex
from export_guard.outputs.text import JOINER, plain_text, size_of, sound

# JupyterLab 4.6's own pattern (rendermime's `webLinkRegex`), applied to text without colours.
WEB = re.compile(
    r"(?:[a-zA-Z][a-zA-Z0-9+.-]{2,40}://|data:|www\.)[^\s\x00-\x20\x7f-\x9f\"]{2,}"
    r"[^\s\x00-\x20\x7f-\x9f\"'(){}\[\],:;.!?]"
)
COLOUR = re.compile(r"\x1b\[[\d;:]*m")


def linked(text: str) -> bool:
    return bool(WEB.search(overwritten(COLOUR.sub("", text))))


def overwritten(text: str) -> str:
    """``text`` with carriage returns as JupyterLab shows them: what follows is written over."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown)
    return "\n".join(lines)


def streamed(*messages: str) -> str:
    """Messages of one stream, as `outputs.stream` filters them."""
    text = ""
    for message in messages:
        text += plain_text(message, joins=True, overwrites="\r" in text)
    return text


ATTACKS = [
    line.encode("latin-1", "backslashreplace").decode("unicode_escape") for line in vectors("text.txt")
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_has_no_address_and_no_control(attack):
    for shown in (plain_text(attack), streamed(attack), streamed(*attack)):
        assert not linked(shown)
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202e]", shown)
        assert "\x1b" not in COLOUR.sub("", shown)
    assert plain_text(plain_text(attack)) == plain_text(attack)


@pytest.mark.parametrize(
    "messages",
    [
        ("https:", "//evil.example"),
        ("https:/", "/evil.example"),
        ("htt", "ps://evil.example"),
        ("https", "://evil.example"),
        ("www", ".evil.example"),
        ("w", "ww.evil.example"),
        ("da", "ta:text/html,x"),
        ("https:", "\x1b[0m//evil.example"),
        ("https:x", "\b//evil.example"),
        ("https:", "x\b//evil.example"),
        ("AAAAAA//evil.example", "\rhttps:"),
        ("AAAAAAA/evil.example", "\r", "https:/"),
        ("AAA.evil.example", "\rwww"),
        ("AAA.evil.example\rwww\n",),
    ],
)
def test_an_address_that_several_messages_make_is_none(messages):
    assert linked(overwritten("".join(messages).replace("x\b", ""))) or "\b" in "".join(messages)
    assert not linked(streamed(*messages))


def test_what_people_print_is_not_changed():
    for text in (
        "hello\n",
        "a: 1, b: 2 // 3, 10:30, x/y\n",
        "\x1b[0;31mValueError\x1b[0m: no such column '年龄'\n",
        "\r 10%|█         | 1/10 [00:01<00:09,  1.00it/s]",
        "   a   b\n0  1.5  NaN\n",
        "wow... data. www",
        "metadata: x\ndata: y\n",
    ):
        assert plain_text(text) == text
        assert streamed(text) == text


def test_an_address_reads_as_before():
    assert plain_text("see https://a.example.").replace(JOINER, "") == "see https://a.example."


def test_lone_surrogates_become_question_marks():
    assert sound("a\ud800b") == "a?b"
    assert plain_text("a\ud800b") == "a?b"
    assert size_of("é") == 2


@pytest.mark.parametrize(
    "macro", ["href", "url", "style", "class", "cssId", "data", "require", "unicode", "mmlToken"]
)
def test_a_macro_that_links_or_styles_is_only_text(macro):
    assert inert_tex(rf"$\{macro}{{x}}{{y}}$") == f"$\\{JOINER}{macro}{{x}}{{y}}$"
    assert inert_tex(rf"\{macro}x") == rf"\{macro}x"


def test_formulas_are_not_changed():
    text = r"\begin{equation}\frac{\alpha}{\beta} \classical \urlx \dataset \text{a}\end{equation}"
    assert inert_tex(text) == text
