"""HTML from an engine: brought into normal form, sanitised with nh3 (ammonia), styles written anew."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable
from functools import lru_cache

import nh3

from export_guard.outputs import css, images, markup
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.names import own_classes, own_fragment, own_id
from export_guard.outputs.normal import normal_html
from export_guard.outputs.remembered import Remembered
from export_guard.outputs.tex import inert_tex
from export_guard.outputs.text import sound, visible

STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
# A newline first in a pre is dropped by each parse.
PRE = re.compile(r"(<pre(?: [^<>]*+)?>)\n")
DRAWING = (markup.SVG - markup.HTML) | {"svg"}
REFERENCE = re.compile(r"url\(\s*[\"']?(#[\w:.-]{1,200})[\"']?\s*\)")


Links = Callable[[str], str | None]


def clean_html(html: str, limits: OutputLimits, links: Links | None = None) -> str | None:
    """``html`` with nothing active, nothing external and nothing that leaves its place; None when
    it is too large or has too many elements. ``links`` gives an address that an ``a`` may keep, beside
    those within the output."""
    if len(html) > limits.html_bytes:
        return None
    return _REMEMBERED.of(html, (limits, links), lambda: _cleaned(html, limits, links))


_REMEMBERED = Remembered()


def _cleaned(html: str, limits: OutputLimits, links: Links | None) -> str | None:
    normal = normal_html(sound(html), limits)
    if normal is None:
        return None
    cleaned = _cleaner(limits, links).clean(normal)
    cleaned = visible(cleaned)
    if "\r" in cleaned:
        cleaned = cleaned.replace("\r", "\n")
    cleaned = inert_tex(cleaned)
    if "<style>" in cleaned:
        cleaned = STYLE.sub(lambda match: _style(match[1], limits), cleaned)
    if "<pre" in cleaned:
        cleaned = PRE.sub(r"\1\n\n", cleaned)
    return cleaned


def cells(html: str) -> int:
    """Table cells in sanitised HTML."""
    return html.count("<td") + html.count("<th") - html.count("<thead")


def _style(text: str, limits: OutputLimits) -> str:
    # Inside SVG the sanitiser writes entities, inside HTML it doesn't; CSS has no use for either.
    rules = css.stylesheet(entities.unescape(text), limits.style_bytes)
    return f"<style>{rules}</style>" if rules else ""


@lru_cache(maxsize=8)
def _cleaner(limits: OutputLimits, links: Links | None = None) -> nh3.Cleaner:
    attributes: dict[str, set[str]] = {"*": set(markup.GLOBAL_ATTRIBUTES)}
    for name, own in markup.HTML_ATTRIBUTES.items():
        attributes.setdefault(name, set()).update(own)
    for name in markup.SVG:
        attributes.setdefault(name, set()).update(markup.SVG_ATTRIBUTES)
        if name in markup.LINKED:
            attributes[name].update(("href", "xlink:href"))
    attributes["style"] = set()
    return nh3.Cleaner(
        tags=set(markup.HTML | markup.SVG),
        clean_content_tags=set(markup.DROPPED) - markup.HTML,
        attributes=attributes,
        attribute_filter=_attribute_filter(limits, links),
        strip_comments=True,
        link_rel=None,
        url_schemes={"data"},
    )


def _attribute_filter(limits: OutputLimits, links: Links | None) -> Callable[[str, str, str], str | None]:
    """Called for each attribute that the tables let through. What it raises removes the attribute."""

    def check(element: str, attribute: str, value: str) -> str | None:  # noqa: PLR0911
        if element == "style":
            return None
        # Now, so that nothing joins to something else once they are gone.
        value = visible(value)
        if attribute == "class":
            return own_classes(value) or None
        if attribute == "id":
            return own_id(value)
        if attribute == "style":
            return css.declarations(value) or None
        if attribute in ("href", "xlink:href", "src"):
            if element in markup.PICTURES:
                return images.from_data_uri(value, limits)
            kept = links(value) if links and element == "a" and attribute == "href" else None
            return kept or own_fragment(value)
        if element in DRAWING:
            return drawing_attribute(attribute, value)
        return value if attribute in markup.SHOWN else markup.plain_attribute(attribute, value)

    return check


def drawing_attribute(attribute: str, value: str) -> str | None:
    """A presentation attribute of SVG, which a browser reads as CSS; None when it would fetch."""
    if "\\" in value or "&" in value or "<" in value:
        return None
    if "(" in value and "url" in value.lower():
        match = REFERENCE.fullmatch(value.strip())
        reference = own_fragment(match[1]) if match else None
        return f"url({reference})" if reference else None
    # Scripts and addresses have a colon; drawings do not.
    return None if ":" in value or "//" in value else value
