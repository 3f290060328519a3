"""HTML brought into the form in which there is one way to read it, before the sanitiser parses it.

A browser's parser repairs what is not well formed: it moves elements, closes some and opens others
again. On hostile input that takes time and memory without bound (a megabyte becomes gigabytes), and
what two parsers repair differently is where sanitisers are fooled. After this step every tag
is a known one, closed in order, nested no deeper than a limit; nothing is left to repair.
"""

from __future__ import annotations

import re

from export_guard.outputs import markup
from export_guard.outputs.limits import OutputLimits

SPACE = "\t\n\f\r "
# A tag that every parser reads alike: attributes apart from each other, at most 64, quoted or plain.
TAG = re.compile(
    rf"""<(/?+[a-z][a-z0-9]*+)(?:[{SPACE}]++[^{SPACE}"'<>/=]++(?:[{SPACE}]*+=[{SPACE}]*+"""
    rf"""(?:"[^"]*+"|'[^']*+'|[^{SPACE}"'=<>`]++))?+){{0,64}}+[{SPACE}]*+/?+>"""
)
OPENING = re.compile(rf"<(?:(/?)([a-zA-Z][^{SPACE}/>\0]*+)|(!--)|[!?/])")
ATTRIBUTE = re.compile(
    rf"""[{SPACE}/]*+(?:(>)|([^{SPACE}/>][^{SPACE}/>=]*+)"""
    rf"""(?:[{SPACE}]*+=[{SPACE}]*+(?:"([^"]*+)"|'([^']*+)'|([^{SPACE}>"'][^{SPACE}>]*+))?)?)"""
)
NAME = re.compile(r"[a-zA-Z][\w:.-]{0,60}")
SVG = {name.lower() for name in markup.SVG}
SVG_TEXT = {name.lower() for name in markup.SVG_TEXT}
UNDRAWN = {name.lower() for name in markup.UNDRAWN}
# An end tag never closes anything beyond these.
LISTS = {"td", "th", "ul", "ol", "dl"}
BOUNDARIES = {"td", "th", "caption", "table", "svg"}


def normal_html(html: str, limits: OutputLimits) -> str | None:
    """``html`` in normal form; itself when it already is. None when it has too many elements."""
    html = html.replace("\0", "")
    if well_formed(html, limits.markup_depth, limits.markup_elements):
        return html
    if html.count("<") > limits.markup_elements:
        return None
    return _Rebuilt(html, limits.markup_depth).text()


def well_formed(html: str, depth: int, elements: int) -> bool:  # noqa: PLR0911, PLR0912 (one loop, for speed)
    """Whether all of ``html`` is known tags, closed in order, with nothing for a parser to repair.

    Says no to SVG, comments and other things that `_Rebuilt` brings in order.
    """
    tags = TAG.findall(html)
    if len(tags) != html.count("<") or len(tags) > elements:
        return False
    stack: list[str] = [""]
    paragraphs = links = 0
    for tag in tags:
        if tag[0] == "/":
            if stack.pop() != tag[1:]:
                return False
            if tag == "/p":
                paragraphs -= 1
            elif tag == "/a":
                links -= 1
            continue
        parent = stack[-1]
        allowed = markup.PARENTS.get(tag)
        if allowed is not None:
            if parent not in allowed:
                return False
        elif parent in markup.TABLE_PARTS or tag not in PLAIN:
            return False
        if tag in markup.CLOSES_P and (paragraphs or (tag in markup.HEADINGS and parent in markup.HEADINGS)):
            return False
        if tag in markup.VOID:
            continue
        if tag == "p":
            paragraphs += 1
        elif tag == "a":
            links += 1
            if links > 1:
                return False
        stack.append(tag)
        if len(stack) > depth:
            return False
    return len(stack) == 1


PLAIN = markup.HTML - {"svg"}


class _Rebuilt:
    """One pass over markup of any kind, giving normal form. Text and known tags are kept."""

    def __init__(self, html: str, depth: int) -> None:
        self.html = html
        self.depth = depth
        self.stack: list[str] = []
        self.parts: list[str] = []
        self.position = 0

    def text(self) -> str:
        while True:
            match = OPENING.search(self.html, self.position)
            if match is None:
                self._characters(self.html[self.position :])
                break
            self._characters(self.html[self.position : match.start()])
            self.position = match.end()
            if match[2]:
                self._tag(match[2].lower(), closing=bool(match[1]))
            else:
                self._skip_to("-->" if match[3] else ">")
        self._close_to(0)
        return "".join(self.parts)

    def _characters(self, text: str) -> None:
        # Text straight inside a table would be moved out of it; only white space stands there.
        if self.stack and self.stack[-1] in markup.TABLE_PARTS and text.strip(SPACE):
            return
        self.parts.append(text.replace("<", "&lt;"))

    def _tag(self, name: str, *, closing: bool) -> None:
        attributes = self._attributes()
        if attributes is None:
            return
        if closing:
            self._end(name)
        elif name == "style":
            self._style()
        elif name in markup.DROPPED:
            self._skip_element(name)
        else:
            self._start(name, *attributes)

    def _attributes(self) -> tuple[str, bool] | None:
        """The attributes up to the tag's end, written anew, and whether it closes itself."""
        written: dict[str, str] = {}
        while True:
            match = ATTRIBUTE.match(self.html, self.position)
            if match is None:
                # The text ends inside the tag: no parser makes anything of it.
                self.position = len(self.html)
                return None
            self.position = match.end()
            if match[1]:
                closes = self.html[match.start() : match.end()].rstrip(">").endswith("/")
                return "".join(written.values()), closes
            name = match[2].lower()
            if len(written) < 64 and name not in written and NAME.fullmatch(name):
                value = match[3] or match[4] or match[5] or ""
                value = value.replace('"', "&quot;").replace("<", "&lt;")
                written[name] = f' {name}="{value}"'

    def _start(self, name: str, attributes: str, closes: bool) -> None:
        inside_svg = "svg" in self.stack
        if name not in (SVG if inside_svg else markup.HTML) or len(self.stack) >= self.depth:
            return
        if name in SVG_TEXT and inside_svg and not UNDRAWN.isdisjoint(self.stack):
            if not closes:
                self._skip_element(name)
            return
        if not inside_svg:
            self._make_room(name)
            parent = self.stack[-1] if self.stack else ""
            allowed = markup.PARENTS.get(name)
            if (parent not in allowed) if allowed is not None else (parent in markup.TABLE_PARTS):
                return
        if (closes and (inside_svg or name == "svg")) or name in markup.VOID:
            self.parts.append(
                f"<{name}{attributes}></{name}>"
                if closes and name not in markup.VOID
                else f"<{name}{attributes}>"
            )
            return
        self.stack.append(name)
        self.parts.append(f"<{name}{attributes}>")

    def _make_room(self, name: str) -> None:
        """Close what a browser would close before ``name``, so that nothing is open in between."""
        if name in markup.PARENTS:
            scope = LISTS if name in ("li", "dt", "dd") else {"table"}
            for index in range(len(self.stack) - 1, -1, -1):
                if self.stack[index] in markup.PARENTS[name]:
                    self._close_to(index + 1)
                    return
                if self.stack[index] in scope:
                    return
            return
        if name in markup.CLOSES_P:
            self._close_open("p")
        if name in markup.HEADINGS and self.stack and self.stack[-1] in markup.HEADINGS:
            self._close_to(len(self.stack) - 1)
        if name == "a":
            self._close_open("a")

    def _close_open(self, name: str) -> None:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] == name:
                self._close_to(index)
                return
            if self.stack[index] in BOUNDARIES:
                return

    def _end(self, name: str) -> None:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] == name:
                self._close_to(index)
                return
            if self.stack[index] in BOUNDARIES and not (name in BOUNDARIES or name in markup.TABLE_PARTS):
                return

    def _close_to(self, length: int) -> None:
        while len(self.stack) > length:
            self.parts.append(f"</{self.stack.pop()}>")

    def _style(self) -> None:
        content = self._skip_element("style")
        if content is None or (self.stack and self.stack[-1] in markup.TABLE_PARTS):
            return
        # In comments and strings only; what they say does not matter, that nothing ends here does.
        css = content.replace("<!--", "").replace("-->", "").replace("<", " ")
        self.parts.append(f"<style>{css}</style>")

    def _skip_element(self, name: str) -> str | None:
        """Go past the end of an element whose content is not markup. Its content, None if unended."""
        end = re.compile(rf"</{name}(?=[{SPACE}/>])[^>]*+>", re.IGNORECASE).search(self.html, self.position)
        if end is None:
            self.position = len(self.html)
            return None
        content = self.html[self.position : end.start()]
        self.position = end.end()
        return content

    def _skip_to(self, mark: str) -> None:
        found = self.html.find(mark, self.position)
        self.position = len(self.html) if found < 0 else found + len(mark)
