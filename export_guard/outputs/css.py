"""CSS from an engine, parsed with tinycss2 and written anew: only what `css_table` names.

What comes out holds no ``<``, ``&`` or backslash, so it means the same inside an HTML style element
(raw text), inside an SVG one (text with entities) and inside an attribute, and it cannot end any
of them. Rules apply below an output area only.

Comments are read, never skipped: ``url/**/(x)`` is no function, and ``.j/**/p-x`` names no class; without
the comment they would become ones. Each is written as a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import tinycss2
from tinycss2.ast import Node

from export_guard.outputs import css_plain
from export_guard.outputs.css_table import (
    FUNCTIONS,
    LONG_WORD,
    MEDIA,
    PROPERTIES,
    REFERENCES,
    SELECTORS,
    TEXTS,
)
from export_guard.outputs.names import free_class, own_fragment, own_id

# JupyterLab puts this class on every output, whichever way it is rendered.
SCOPE = ".jp-OutputArea-output "
DEPTH = 12
# Characters of CSS that the full parser is given: about a second for half a million.
PARSED = 128 * 1024
UNSAFE = re.compile(r"(?i)[<&\\\x00-\x08\x0b-\x1f\x7f-\x9f]|//|/\*|url\((?!#out-)")
VALUE_LITERALS = frozenset([",", "/", "+", "-", "*", ":"])
BRACKETS = frozenset(["() block", "[] block"])
SELECTOR_LITERALS = frozenset([".", ">", "+", "~", "*", ":", ","])
# A colon with no pseudo-class after it.
DANGLING = re.compile(r":(?![A-Za-z:-])")
CUSTOM = re.compile(r"--[\w-]{1,64}")


def declarations(text: str) -> str:
    """The declarations of a style attribute or a rule's block that are let through."""
    # Tables repeat a few short ones; long ones would only fill the memory.
    return _remembered(text) if len(text) <= 500 else _from_text(text)


def _from_text(text: str) -> str:
    plain = css_plain.declarations(text)
    if plain is not None:
        return plain
    return _declarations(tinycss2.parse_blocks_contents(text, skip_whitespace=True))


_remembered = lru_cache(maxsize=4096)(_from_text)


def stylesheet(text: str, limit: int, scope: str = SCOPE) -> str:
    """The rules of a style element that are let through, each below ``scope`` (a document of its own
    needs none); nothing of one over ``limit`` characters."""
    if len(text) > limit:
        return ""
    written = css_plain.stylesheet(text, scope)
    if written is None:
        if len(text) > PARSED:
            return ""
        rules = tinycss2.parse_stylesheet(text, skip_whitespace=True)
        written = "\n".join(_rules(rules, scope, nested=False))
    return written if len(written) <= limit else ""


def value(text: str, name: str = "width") -> str | None:
    """One value as property ``name`` could have it, or None when it is not let through."""
    written = declarations(f"{name}:{text}") if ";" not in text and "{" not in text else ""
    return written.partition(":")[2].rstrip(";") or None


def _rules(rules: Iterable[Any], scope: str, *, nested: bool) -> Iterable[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = _selectors(rule.prelude, scope)
            if selectors:
                inner = tinycss2.parse_blocks_contents(rule.content, skip_whitespace=True)
                block = _declarations(inner)
                if block:
                    yield f"{selectors} {{{block}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content and not nested:
            condition = _media(rule.prelude)
            inside = tinycss2.parse_rule_list(rule.content, skip_whitespace=True)
            if condition:
                yield f"@media {condition} {{\n" + "\n".join(_rules(inside, scope, nested=True)) + "\n}"


def _declarations(items: Iterable[Any]) -> str:
    kept = []
    for item in items:
        if item.type != "declaration":
            continue
        name = item.name if item.name.startswith("--") else item.lower_name
        if name not in PROPERTIES and not CUSTOM.fullmatch(name):
            continue
        written = _value(item.value, name)
        if written is None:
            continue
        written = " ".join(written.split())
        if written and not UNSAFE.search(written) and not (name not in TEXTS and LONG_WORD.search(written)):
            kept.append(f"{name}:{written}{' !important' if item.important else ''};")
    return "".join(kept)


def _value(tokens: Iterable[Node], name: str, depth: int = 0) -> str | None:
    """The tokens of a value written out, or None when one of them is not let through."""
    parts = []
    for token in tokens:
        part = _part(token, name, depth)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def _part(token: Any, name: str, depth: int) -> str | None:
    kind = token.type
    if kind in ("ident", "number", "percentage", "dimension", "hash"):
        return str(token.serialize())
    if kind in ("whitespace", "comment"):
        return " "
    if kind == "literal":
        return token.value if token.value in VALUE_LITERALS else None
    if kind == "string":
        return token.serialize() if name in TEXTS and len(token.value) <= 200 else None
    if kind == "url" or (kind == "function" and token.lower_name == "url"):
        return _reference(token, name)
    return _group(token, name, depth)


def _reference(token: Any, name: str) -> str | None:
    """A ``url()``, with or without quotes, that points into the same document."""
    address = token.value if token.type == "url" else ""
    if token.type == "function" and len(token.arguments) == 1 and token.arguments[0].type == "string":
        address = token.arguments[0].value
    reference = own_fragment(address) if name in REFERENCES else None
    return f"url({reference})" if reference else None


def _group(token: Any, name: str, depth: int) -> str | None:
    """A function or a pair of brackets with what is inside."""
    function = token.type == "function"
    if depth >= DEPTH or not (token.lower_name in FUNCTIONS if function else token.type in BRACKETS):
        return None
    inner = _value(token.arguments if function else token.content, name, depth + 1)
    if inner is None:
        return None
    return f"{token.lower_name}({inner})" if function else f"{token.type[0]}{inner}{token.type[1]}"


def _selectors(prelude: list[Node], scope: str) -> str:
    kept = []
    for tokens in _split(prelude):
        written = _selector(tokens, 0)
        if written is None:
            continue
        written = " ".join(written.split())
        # A selector that begins with a combinator would reach beside the output area.
        if (
            written
            and written[0] not in ">+~"
            and not UNSAFE.search(written)
            and not DANGLING.search(written)
        ):
            kept.append(scope + written)
    return ", ".join(kept)


def _split(prelude: list[Node]) -> list[list[Node]]:
    """The prelude's selectors, without the scope that an earlier pass put before them."""
    groups: list[list[Node]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            groups.append([])
        elif groups[-1] or token.type not in ("whitespace", "comment"):
            groups[-1].append(token)
    return [_unscoped(group) for group in groups]


def _unscoped(tokens: list[Node]) -> list[Node]:
    if len(tokens) > 3 and tinycss2.serialize(tokens[:3]) == SCOPE:
        return tokens[3:]
    return tokens


def _selector(tokens: Iterable[Node], depth: int) -> str | None:  # noqa: PLR0911, PLR0912
    if depth > DEPTH:
        return None
    parts: list[str] = []
    for token in tokens:
        kind = token.type
        if kind == "ident":
            if parts and parts[-1] == "." and not free_class(token.value):
                return None
            parts.append(token.serialize())
        elif kind in ("whitespace", "comment"):
            parts.append(" ")
        elif kind == "literal" and token.value in SELECTOR_LITERALS:
            parts.append(token.value)
        elif kind == "hash":
            name = own_id(token.value)
            if name is None:
                return None
            parts.append("#" + name)
        elif kind in ("number", "dimension"):
            parts.append(token.serialize())
        elif kind == "[] block":
            inner = _attribute(token.content)
            if inner is None:
                return None
            parts.append(f"[{inner}]")
        elif kind == "function" and token.lower_name in SELECTORS and parts and parts[-1] == ":":
            inner = _selector(token.arguments, depth + 1)
            if inner is None:
                return None
            parts.append(f"{token.lower_name}({inner})")
        else:
            return None
    return "".join(parts)


def _attribute(tokens: Iterable[Node]) -> str | None:
    parts = []
    for token in tokens:
        if token.type in ("ident", "string", "number", "dimension"):
            parts.append(token.serialize())
        elif token.type == "literal" and token.value in (
            "=",
            "~=",
            "|=",
            "^=",
            "$=",
            "*=",
            "~",
            "|",
            "^",
            "$",
            "*",
        ):
            parts.append(token.value)
        elif token.type != "whitespace":
            return None
    return "".join(parts)


def _media(tokens: Iterable[Node]) -> str | None:
    parts = []
    for token in tokens:
        if token.type == "ident" and token.lower_value in MEDIA:
            parts.append(token.lower_value)
        elif token.type in ("number", "dimension"):
            parts.append(token.serialize())
        elif token.type == "whitespace":
            parts.append(" ")
        elif token.type == "literal" and token.value in (",", ":"):
            parts.append(token.value)
        elif token.type == "() block":
            inner = _media(token.content)
            if inner is None:
                return None
            parts.append(f"({inner})")
        else:
            return None
    return " ".join("".join(parts).split())
