"""The plain CSS that data frames and tables come with, written anew without a full parse.

A page's worth of `pandas.Styler` is hundreds of kilobytes of ``#T_… {color: red;}``. Text of only
these simple forms, without quotes, escapes, comments or at-rules, needs no tokenizer; anything else is
answered with None and goes through `css`, which writes the same result for what both understand.
"""

from __future__ import annotations

import re
from functools import lru_cache

from export_guard.outputs.css_table import LONG_WORD, PROPERTIES
from export_guard.outputs.names import free_class, own_id

# What takes a full parse: strings, escapes, comments, at-rules, nesting, markup.
NOT_PLAIN = re.compile(r"""["'\\@<&\x00-\x08\x0b\x0e-\x1f\x7f-\U0010ffff]|/\*|!\[CDATA""")
RULE = re.compile(r"[ \t\n\r\f]*+([^{}();]++)\{([^{}]*+)\}")
COLOUR = r"(?<![\w-])(?:rgba?|hsla?)\([-\d.,% /]*+\)"
VALUE = re.compile(rf"(?:{COLOUR}|(?<![\w-])linear-gradient\((?:{COLOUR}|[\w#%., -])*+\)|[\w#%., -])++")
NAME = re.compile(r"[a-z-]++")
SPACES = re.compile(r"[ \t\n\r\f]++")
SIMPLE = r"[a-zA-Z][a-zA-Z0-9]*+|[#.][A-Za-z_][\w-]*+|\*|:(?:first|last|only)-(?:child|of-type)|:hover"
SELECTOR = re.compile(rf"(?:(?:{SIMPLE})++(?: [>+~] (?! )| (?! )|$))++")
PART = re.compile(r"[#.][\w-]++")


def declarations(text: str) -> str | None:
    """The declarations let through, or None when ``text`` is not plain."""
    if NOT_PLAIN.search(text) or "{" in text or "!" in text:
        return None
    kept = []
    for part in text.split(";"):
        name, colon, value = part.partition(":")
        name = name.strip(" \t\n\r\f").lower()
        value = SPACES.sub(" ", value).strip(" ")
        if not colon or not value:
            # Between declarations there is nothing, or something only a parser can step over.
            if part.strip(" \t\n\r\f"):
                return None
            continue
        # A custom property keeps its case, which a full parse sees to.
        if name.startswith("--") or not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            return None
        if LONG_WORD.search(value):
            continue
        if name in PROPERTIES:
            kept.append(f"{name}:{value};")
    return "".join(kept)


def stylesheet(text: str, scope: str) -> str | None:
    """The rules let through, each below ``scope``, or None when ``text`` is not plain."""
    if NOT_PLAIN.search(text):
        return None
    kept: list[str] = []
    position = 0
    end = len(text)
    while position < end:
        match = RULE.match(text, position)
        if match is None:
            return None if text[position:].strip(" \t\n\r\f") else "\n".join(kept)
        position = match.end()
        block = _block(match[2]) if len(match[2]) <= 500 else declarations(match[2])
        if block is None:
            return None
        selectors = []
        for part in match[1].split(","):
            selector = _selector(part, scope)
            if selector is None:
                return None
            if selector:
                selectors.append(selector)
        if selectors and block:
            kept.append(f"{', '.join(selectors)} {{{block}}}")
    return "\n".join(kept)


_block = lru_cache(maxsize=1024)(declarations)


def _selector(part: str, scope: str) -> str | None:
    """One selector below ``scope``; empty when it names a reserved class, None when not plain."""
    text = SPACES.sub(" ", part).strip(" ").removeprefix(scope)
    if not SELECTOR.fullmatch(text):
        return None
    names: list[str] = []

    def own(match: re.Match[str]) -> str:
        name = match[0]
        if name[0] == "#":
            return "#" + (own_id(name[1:]) or "")
        if not free_class(name[1:]):
            names.append(name)
        return name

    written = PART.sub(own, text)
    return "" if names else scope + written
