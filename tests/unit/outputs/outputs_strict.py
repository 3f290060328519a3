"""What sanitised markup may be at most, checked without the sanitiser's parser or its tables.

A grammar so narrow that every parser reads it alike: each ``<`` begins a tag with quoted attributes
in which there is neither ``<`` nor ``"``. The lists here are written independently of the package's.
"""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?: [\w:-]+=\"[^\"<>]*\")*)>")
ATTRIBUTE = re.compile(r" ([\w:-]+)=\"([^\"<>]*)\"")
FORBIDDEN_TAGS = set(
    re.findall(
        r"\S+",
        """script iframe object embed applet form input button select textarea meta link base frame frameset
    template noscript noembed noframes xmp plaintext title math foreignobject animate set audio video source
    picture portal dialog body html head marquee isindex slot option keygen""",
    )
)
FORBIDDEN_ATTRIBUTES = set(
    re.findall(
        r"\S+",
        """srcset srcdoc action formaction ping target download background poster data name content http-equiv
    is slot part contenteditable tabindex autofocus form cite longdesc usemap xml:base xmlns""",
    )
)
IMAGE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]+")
FETCH = re.compile(
    r"url\(|image-set|@import|@font-face|expression\(|behavior\s*:|binding\s*:|//|javascript:|attr\(", re.I
)
REFERENCE = re.compile(r"url\(#out-[\w:.-]+\)")
ESCAPING = re.compile(
    r"(?:^|[;{ ])(?:position|z-index|transform|animation|transition|inset|filter)\s*:", re.I
)
RESERVED = re.compile(r"(?:^|[ .#])(?:jp|lm|carrel)-")


def vectors(name: str) -> list[str]:
    """The attacks of one corpus file."""
    return (CORPUS / name).read_text(encoding="utf-8").removesuffix("\n").split("\n%%\n")


def assert_inert_html(html: str) -> None:
    """Fails when anything in ``html`` could act, load, link or reach outside its place."""
    rest = html
    stack: list[str] = []
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    for css in styles:
        assert_inert_css(css)
    rest = TAG.sub("", html)
    assert "<" not in rest, f"a < that begins no plain tag: {html!r}"
    for closing, name, attributes in TAG.findall(html):
        assert name.lower() not in FORBIDDEN_TAGS, html
        if closing:
            assert stack[-1:] == [name], f"not closed in order: {html!r}"
            stack.pop()
            continue
        if name not in ("br", "hr", "img", "col"):
            stack.append(name)
        for key, value in ATTRIBUTE.findall(attributes):
            assert_inert_attribute(name, key, unescape(value))
    assert not stack, f"left open: {stack}"


def assert_inert_attribute(tag: str, name: str, value: str) -> None:
    assert not name.lower().startswith(("on", "data-", "aria-", "xmlns")), (tag, name)
    assert name not in FORBIDDEN_ATTRIBUTES, (tag, name)
    if name in ("href", "xlink:href", "src"):
        assert value.startswith("#out-") or IMAGE.fullmatch(value), (tag, name, value)
    elif name == "style":
        assert_inert_css(value)
    elif name == "id":
        assert value.startswith("out-")
    elif name == "class":
        assert not RESERVED.search(value)
    elif name not in ("title", "alt"):
        assert not FETCH.search(REFERENCE.sub("", value)), (tag, name, value)


def assert_inert_css(css: str) -> None:
    """Fails when ``css`` could fetch, run, end its element or leave the output."""
    assert not re.search(r"[<&\\]", css), css
    assert not FETCH.search(REFERENCE.sub("", css)), css
    # In declarations: an element of a selector may be called as it likes.
    assert not ESCAPING.search(re.sub(r"[^{}]*\{", "{", css)), css
    assert not RESERVED.search(css.replace(".jp-OutputArea-output ", "")), css
    for selectors in re.findall(r"(?:^|[}\n])([^{}@;]+)\{", css):
        for selector in re.split(r",(?![^(]*\))", selectors):
            assert selector.strip().startswith(".jp-OutputArea-output "), css
