"""Text files as they are shown: whole up to a size, beyond it their beginning with a notice."""

from __future__ import annotations

import locales
from export_guard.contents.problems import Refused, size_text

MARK = "⟦carrel⟧"
"""Begins the notice. A text that ends with a notice was not whole, so it is never saved."""
NOTICE = (
    "{mark} Only the first {limit} are shown, and this view can't be saved. "
    "Read the whole file in a notebook."
)
_LONGEST_NOTICE = 1_000
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"


def shown(data: bytes, name: str, *, whole: bool, limit: int, language: str) -> str:
    """The text to show. Raises `Refused` when it is not text."""
    if data.startswith((_PNG, _JPEG)):
        raise Refused("image", name)
    if b"\x00" in data:
        raise Refused("binary", name)
    # A character that the limit cut through: at most three of its bytes are there.
    cuts = (0,) if whole else range(4)
    for cut in cuts:
        try:
            text = data[: len(data) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return text if whole else f"{text}\n\n{_notice(limit, language)}\n"
    raise Refused("binary", name)


def check_whole(text: str, name: str) -> None:
    """Raises `Refused` for a text that ends with the notice of `shown`."""
    if MARK in text[-_LONGEST_NOTICE:]:
        raise Refused("in-part", name)


def _notice(limit: int, language: str) -> str:
    languages = (language,) if language else locales.LANGUAGES
    lines = [locales.text(each, NOTICE, mark=MARK, limit=size_text(limit)) for each in languages]
    return " ".join(dict.fromkeys(lines))
