"""Finding direct identifiers in one free text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provisioning.gate.identifiers import addresses, chinese_names, dates, latin_names, numbers
from provisioning.gate.identifiers.found import Candidate, Found, resolve
from provisioning.gate.identifiers.normal import normal

_Detector = Callable[[str], Iterator[Candidate]]
_DIGITS: tuple[_Detector, ...] = (
    numbers.labelled,
    numbers.by_structure,
    dates.dates,
    dates.old_ages,
    addresses.english_addresses,
)
_HAN: tuple[_Detector, ...] = (addresses.chinese_addresses, chinese_names.chinese_names)


def find_in_text(text: str) -> list[Found]:
    """The direct identifiers in ``text``, Chinese or English, in order and without overlaps.

    Takes time in proportion to the length of the text, whatever it says. What is returned holds positions
    and kinds, never the text.
    """
    if len(text) < 2:
        return []
    plain = normal(text)
    candidates: list[Candidate] = []
    for detector in _detectors(plain.text):
        for one in detector(plain.text):
            start, end = plain.span(one.start, one.end)
            candidates.append(Candidate(one.kind, start, end, one.trust))
    return resolve(candidates)


def _detectors(text: str) -> Iterator[_Detector]:
    """Those that can find something: most cells of a table hold no digit, or nothing but ASCII."""
    if any(character.isdigit() for character in text) or "@" in text or "." in text or ":" in text:
        yield from _DIGITS
    if not text.isascii():
        yield from _HAN
    if any("A" <= character <= "Z" for character in text):
        yield latin_names.latin_names
