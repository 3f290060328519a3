"""What was not let through, why, and the sentence that tells the person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import locales

# Gettext message ids; `locales` holds the Chinese.
REASONS: dict[str, str] = {
    "media-type": "Outputs of the kind {what} are not shown on a desk.",
    "too-large": "This output is too large to show ({size}).",
    "malformed": "This output is not well formed and is not shown.",
    "image": "This image is not one that a desk shows (PNG, JPEG or GIF).",
    "message-limit": "More came in one output than a desk shows at once ({size}).",
    "cell-limit": "This cell has shown as much as a cell may.",
    "execution-limit": "This execution has shown as much as an execution may.",
    "widget": "Widgets of the kind {what} are not shown on a desk.",
    "message-type": "Messages of the kind {what} do not pass on a desk.",
    "debugger": "The debugger is closed: it carries files and variables past the filter.",
    "buffers": "Binary data does not pass on a desk.",
    "too-many": "There is more here than a desk shows.",
    "attachment": "Attachments are closed. Ask for an import to bring a file in.",
    "cell-too-large": "A cell is larger than what a person types. Ask for an import to bring a file in.",
    "typed": "More text came in than a person types in a day. Ask for an import to bring a file in.",
}
ASK = "Ask for a release to take results out."
# Reasons about what a person may see; the others have nothing to do with a release.
RELEASABLE = {"media-type", "too-large", "image", "message-limit", "cell-limit", "execution-limit"}


class Withheld(NamedTuple):
    """One thing held back. ``what`` is a media, message or widget type; ``size`` is in bytes."""

    what: str
    reason: str
    size: int


def sentence(withheld: Withheld, language: str = "en") -> str:
    """Why this was held back, in ``language`` ('en' or 'zh_CN')."""
    said = locales.text(language, REASONS[withheld.reason], what=withheld.what, size=readable(withheld.size))
    return f"{said} {locales.text(language, ASK)}" if withheld.reason in RELEASABLE else said


def notice(withheld: Sequence[Withheld], language: str = "en") -> str:
    """The text that stands in an output's place: each different sentence once, five at most."""
    lines = dict.fromkeys(sentence(item, language) for item in withheld)
    return "\n".join(list(lines)[:5])


def readable(size: int) -> str:
    """``size`` in bytes for a person, in binary units."""
    for unit, factor in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
