"""SVG images from an engine: read as XML without entities, written anew from what the tables name.

An image/svg+xml output reaches the browser as XML, so an XML parser reads it and the
writer decides every character of what comes out.
"""

from __future__ import annotations

from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from export_guard.outputs import css, images, markup
from export_guard.outputs.html import drawing_attribute
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.names import own_classes, own_fragment, own_id
from export_guard.outputs.text import CONTROLS, sound, visible

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
ROOT = f' xmlns="{SVG}" xmlns:xlink="{XLINK}"'


class _Refused(Exception):
    """The document is not SVG, declares entities or is beyond a limit."""


def clean_svg(text: str, limits: OutputLimits) -> str | None:
    """``text`` with only what draws, or None when it is not well-formed SVG within the limits."""
    if len(text) > limits.svg_bytes:
        return None
    writer = _Writer(limits)
    try:
        # What the document says about its encoding does not count: it is text already.
        writer.parser.Parse(sound(text).strip().encode(), True)
    except (expat.ExpatError, _Refused, ValueError):
        return None
    return "".join(writer.parts) or None


class _Writer:
    """Writes an allowed document while expat reads it."""

    def __init__(self, limits: OutputLimits) -> None:
        self.limits = limits
        self.parts: list[str] = []
        self.open: list[str] = []
        self.skipped = 0
        self.elements = 0
        self.style: list[str] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, _name: str, _system: str | None, _public: str | None, has_internal: int) -> None:
        # Matplotlib names SVG 1.1's document type, which is not read and not written.
        if has_internal:
            raise _Refused

    def _entity(self, *_: object) -> None:
        raise _Refused

    def _start(self, qualified: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        namespace, _, name = qualified.rpartition(" ")
        if (
            self.elements > self.limits.markup_elements
            or len(self.open) + self.skipped > self.limits.markup_depth
        ):
            raise _Refused
        if not self.open and not self.skipped and (namespace != SVG or name != "svg" or self.parts):
            raise _Refused
        if self.skipped or namespace != SVG or name not in markup.SVG or self._undrawn(name):
            self.skipped += 1
            return
        root = "" if self.open else ROOT
        self.open.append(name)
        written = "".join([self._attribute(name, key, value) for key, value in attributes.items()])
        self.parts.append(f"<{name}{root}{written if name != 'style' else ''}>")

    def _undrawn(self, name: str) -> bool:
        return name in markup.SVG_TEXT and not markup.UNDRAWN.isdisjoint(self.open)

    def _attribute(self, element: str, qualified: str, value: str) -> str:
        namespace, _, name = qualified.rpartition(" ")
        kept: str | None = None
        if name == "href" and namespace in ("", XLINK):
            if element in markup.PICTURES:
                kept = images.from_data_uri(value, self.limits)
            elif element in markup.LINKED:
                kept = own_fragment(value)
            name = "xlink:href"
        elif not namespace and name in markup.SVG_ATTRIBUTES:
            if name == "id":
                kept = own_id(value)
            elif name == "class":
                kept = own_classes(value) or None
            elif name == "style":
                kept = css.declarations(value) or None
            else:
                kept = drawing_attribute(name, value)
        return "" if kept is None else f" {name}={quoteattr(CONTROLS.sub('', kept))}"

    def _end(self, _qualified: str) -> None:
        if self.skipped:
            self.skipped -= 1
            return
        name = self.open.pop()
        if name == "style":
            self.parts.append(escape(css.stylesheet("".join(self.style), self.limits.style_bytes, scope="")))
            self.style.clear()
        self.parts.append(f"</{name}>")

    def _characters(self, text: str) -> None:
        if self.skipped or not self.open:
            return
        if self.open[-1] == "style":
            self.style.append(text)
        elif self.open[-1] in markup.SVG_TEXT:
            self.parts.append(escape(visible(text)))
