"""Plain text, as JupyterLab shows it: ANSI colours stay, nothing in it becomes a link.

JupyterLab makes links of addresses in text (``https://…``, ``www.…``, ``data:…``) itself. A click on
one opens a new tab, which no Content-Security-Policy stops, so what is behind the name goes out in
the address. A WORD JOINER (U+2060) inside the address stops that: it is invisible, breaks no line
and has no width, so text and tables look as they did.
"""

from __future__ import annotations

import re

JOINER = "\u2060"

# Control characters but tab, newline, carriage return, backspace and escape; C1 controls; the
# Unicode controls that reorder text, so that what is read is what is there.
CONTROLS = re.compile("[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# Characters without a glyph, in which a text could stand that nobody sees: tags, variation selectors (but
# the two that choose between text and picture), zero widths, fillers, formats of scripts and of music.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0d"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u00a9-\u3300\U0001f000-\U0001faff])[\ufe0e\ufe0f]"
)
# Text that has none of these, in one quick pass: Latin, punctuation, drawing, Chinese, Japanese, Korean.
CLEAN = re.compile(
    "[\t\n\r -~\xa0-\xac\xae-\u02ff"
    "\u2010-\u2027\u2030-\u205e\u2190-\u2bff\u3000-\u3163\u3165-\ud7ff\uff01-\uff9f]*+"
)
# Joined letters of Arabic and Indic scripts, and pictures made of several, have these between them.
JOINED = re.compile(
    "(?:(?<=[\u0600-\u0dff])[\u200c\u200d](?=[\u0600-\u0dff])"
    "|(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff]))"
)
# What ESC begins: colours (kept), other CSI, strings of OSC, DCS, SOS, PM, APC, or two characters.
ESCAPE = re.compile(
    "\x1b(?:(\\[[0-9;:]{0,64}m)|\\[[0-?]*+[ -/]*+[@-~]?"
    "|[\\]PX^_][^\x1b\x07]*+(?:\x07|\x1b\\\\)?|[ -/]*+[0-~]?)"
)
# A colour change inside what would be an address without it.
COLOURS = "(?:\x1b\\[[0-9;:]{0,64}m)*+"
COLOURED = re.compile("(?<=[wWdDaAtT:/])(?:\x1b\\[[0-9;:]{0,64}m)++(?=[wWaAtT.:/])")

SCHEME = re.compile(r":(?=//)")
NAMED = re.compile(r"(?i)data(?=:(?![ \t\n]))|www(?=\.(?![ \t\n]))")
NAMED_ANYWHERE = re.compile(r"(?i)data(?=:)|www(?=\.)")
# JupyterLab joins a stream's messages before it looks for addresses: what could go on one that
# another message began.
CONTINUES = re.compile(f"(?i)({COLOURS})(?=/|:|w{{0,2}}\\.(?![ \t\n])|(?:ata|ta|a):(?![ \t\n]))")
# After a carriage return text is written over older text, so an address can also form where a line
# ends before the older one's rest.
BEFORE_REST = re.compile(f"(?i)(?::(?=/?{COLOURS}(?:[\r\n]|\\Z))|[wdat](?={COLOURS}(?:[\r\n]|\\Z)))")
TAG = re.compile(r"<(?=[A-Za-z/!?])")
# Printable ASCII with neither a slash nor a colon: deleting it is the fastest look at each byte.
PLAIN = bytes(set(b"\t\n") | set(range(0x20, 0x7F)) - set(b"/:"))


def sound(text: str) -> str:
    """``text`` without lone surrogates, which no encoding carries and JSON lets through."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def visible(text: str) -> str:
    """``text`` without characters that have no glyph, but where a script or a picture needs one."""
    if text.isascii() or CLEAN.fullmatch(text) or not INVISIBLE.search(text):
        return text
    return INVISIBLE.sub(lambda match: match[0] if JOINED.match(text, match.start()) else "", text)


def size_of(text: str) -> int:
    """Bytes of ``text`` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def unlinked(text: str) -> str:
    """``text`` in which JupyterLab finds no address."""
    if "://" in text:
        text = SCHEME.sub(":" + JOINER, text)
    if "." in text or ":" in text:
        folded = text.lower()
        if "www." in folded or "data:" in folded:
            text = NAMED.sub(_joined, text)
    return text


def untagged(text: str) -> str:
    """``text`` that stays text also where it is taken for HTML."""
    return TAG.sub("<" + JOINER, text) if "<" in text else text


def plain_text(text: str, *, joins: bool = False, overwrites: bool = False) -> str:
    """``text`` fit to be shown as text.

    ``joins``: a stream's message, shown joined to those around it. ``overwrites``: an earlier one
    held a carriage return, so this one may be written over older text.
    """
    if not overwrites and _plain(text) and not (joins and text[:1] in "wW."):
        return text
    if not CLEAN.fullmatch(text):
        text = _cleaned(text)
    text = unlinked(text)
    if joins and CONTINUES.match(text):
        text = CONTINUES.sub(r"\1" + JOINER, text, count=1)
    if overwrites or "\r" in text:
        text = BEFORE_REST.sub(_joined, NAMED_ANYWHERE.sub(_joined, text))
    return text


def _plain(text: str) -> bool:
    """Whether ``text`` is like most messages: nothing in it is anything but a letter to read."""
    return text.isascii() and not text.encode().translate(None, PLAIN) and "www." not in text


def _cleaned(text: str) -> str:
    """``text`` without what moves, hides or reorders it; colours stay."""
    text = visible(sound(text))
    if "\b" in text:
        text = _without_backspaces(text)
    if "\x1b" in text:
        text = ESCAPE.sub(_colour, text)
    text = CONTROLS.sub("", text)
    return COLOURED.sub(_joined, text) if "\x1b" in text else text


def _joined(match: re.Match[str]) -> str:
    return match[0] + JOINER


def _colour(match: re.Match[str]) -> str:
    return match[0] if match[1] else ""


def _without_backspaces(text: str) -> str:
    """Each backspace applied, as JupyterLab would; those that reach before ``text`` are dropped.

    One pass: a pattern applied until nothing changes is quadratic on what hostile code can send.
    """
    kept: list[str] = []
    for character in text:
        if character != "\b":
            kept.append(character)
        elif kept and kept[-1] not in "\n\r":
            kept.pop()
    return "".join(kept)
