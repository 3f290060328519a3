"""A text as the detectors read it: full-width forms made plain, invisible characters left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN[0x3000] = 0x20
_PLAIN[0x00A0] = 0x20
_PLAIN.update({ord(dash): ord("-") for dash in "‐‑‒–—―−－﹣"})
_PLAIN.update({ord("•"): ord("·"), ord("・"): ord("·"), ord("∶"): ord(":")})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True)
class Normal:
    """``text`` and, where characters were left out, the place of each of its characters in the original."""

    text: str
    places: list[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's positions of ``text[start:end]``."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def normal(text: str) -> Normal:
    """``text`` with one plain character for each full-width one and without invisible ones."""
    plain = text.translate(_PLAIN)
    if not _INVISIBLE.search(plain):
        return Normal(plain)
    places = [place for place, character in enumerate(plain) if not _INVISIBLE.match(character)]
    return Normal("".join(plain[place] for place in places), places)
