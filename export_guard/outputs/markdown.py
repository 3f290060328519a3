"""Markdown from an engine, changed in its source so that no renderer makes anything active of it.

JupyterLab renders Markdown in the browser, and what it renders of a trusted cell it does not
sanitise. A parser of ours that said "this is code" where the browser's says "this is a link" would
let the link through, so nothing here depends on parsing: each place where any renderer could begin
raw HTML or an outside destination gets an invisible WORD JOINER, in code and formulas too, where it
does not show. Links and images then read as the text they are; destinations inside the
workspace, fragments, attachments and simple tags work.
"""

from __future__ import annotations

import re
from html import unescape

from export_guard.outputs.tex import inert_tex
from export_guard.outputs.text import CONTROLS, INVISIBLE, JOINER, sound, unlinked, visible

# Tags that are let through, and attributes that say nothing but looks. No slash, colon or bracket
# passes in a value, so it can neither name a place nor end early.
NAMES = (
    "br|hr|sub|sup|b|i|u|s|em|strong|small|big|center|details|summary|table|thead|tbody|tr|td|th"
    "|p|div|span|font|kbd|mark|code|pre|blockquote|ul|ol|li|h[1-6]"
)
QUOTED = r'"[\w#%.\ -]{0,80}"'
LOOKS = rf"""[ ](?:align|color|width|height|colspan|rowspan|size)=(?:{QUOTED}|[\w#%.-]{{1,40}})"""
STYLED = (
    r"[ ]style=\"(?:(?:color|background-color|font-size|font-weight|text-align)"
    r"[ ]?:[ ]?[\w#%.\ -]{1,40};?[ ]?){1,5}\""
)
PICTURED = (
    rf"""[ ](?:width|height|align|alt)=(?:{QUOTED}|[\w%.-]{{1,80}})|[ ]src="attachment:[\w.\ -]{{1,200}}\""""
)
TAG = re.compile(
    rf"<(?:/(?:{NAMES})[ ]?|(?:{NAMES})(?:{LOOKS}|{STYLED})*+[ ]?/?|img(?:{PICTURED})*+[ ]?/?)>",
    re.IGNORECASE,
)
HTML = re.compile(r"<(?=[A-Za-z/!?])")
# A place in the workspace: no scheme, no root, and nothing that JupyterLab's own step for formulas
# (it puts them back, unescaped, wherever the text ended up) could turn into an attribute.
INSIDE = r"(?:attachment:)?(?:\#?[\w.~%+=,;-][\w./~%+=,;-]*+|\#)?\)"
LINK = re.compile(rf"\]\((?!{INSIDE})")
IMAGE = re.compile(rf"!\[(?![\w .,:;/()%+-]{{0,200}}\]\({INSIDE})")
DEFINITION = re.compile(
    r"(?m)^(?P<label>(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t])*+\[(?:[^\[\]\\]|\\.){1,999}\]):", re.DOTALL
)
# What follows a fence names a language, and JupyterLab writes it into an attribute as it is.
FENCE = re.compile(
    r"(?m)^([^`~\n]*+(?:(?:`{1,2}(?!`)|~{1,2}(?!~))[^`~\n]*+)*+)(`{3,}+(?=[^`\n]*+$)|~{3,}+)([^\n]*+)$"
)
NOT_NAME = re.compile(r"[^\w+#. =,:{}-]")
DIAGRAM = re.compile(r"(?i)(?<=mer)(?=maid)")
ENTITY = re.compile(r"&(?=(#?\w{1,40};?))")
MAIL = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.\w)")
# A character named by an entity that could be part of a scheme's end, a tag or a macro.
TELLING = re.compile(r"[\x00-\x20\x7f-\xa0:/\\@.#?\[\]()`$]")
HARMLESS = {"amp;", "lt;", "gt;", "quot;", "nbsp;", "ensp;", "emsp;", "#39;"}


def inert_markdown(text: str) -> str:
    """``text`` with no active HTML, outside destination, autolink or macro; the same to read."""
    text = CONTROLS.sub("", visible(sound(text))).replace("\r\n", "\n").replace("\r", "\n")
    if "```" in text or "~~~" in text:
        text = FENCE.sub(_fence, text)
    # First what could change how a later step reads the text.
    text = inert_tex(unlinked(text))
    if "&" in text:
        text = ENTITY.sub(_entity, text)
    if "@" in text:
        text = MAIL.sub(JOINER + "@", text)
    if "<" in text:
        text = HTML.sub(_html, text)
    if "](" in text:
        text = IMAGE.sub("!" + JOINER + "[", text)
        text = LINK.sub("]" + JOINER + "(", text)
    if "]:" in text:
        text = DEFINITION.sub(rf"\g<label>{JOINER}:", text)
    return text


def _fence(match: re.Match[str]) -> str:
    # Diagrams are drawn by code that loads images by address, so they are shown as text.
    return match[1] + match[2] + DIAGRAM.sub(JOINER, NOT_NAME.sub("", match[3]))


def _html(match: re.Match[str]) -> str:
    return "<" if TAG.match(match.string, match.start()) else "<" + JOINER


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    meant = "" if name in HARMLESS else unescape("&" + name)
    if not TELLING.search(meant) and not INVISIBLE.search(meant):
        return "&"
    return "&" + JOINER
