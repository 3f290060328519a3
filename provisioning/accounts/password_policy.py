"""Which passwords are taken: NIST SP 800-63B, 5.1.1.2. Length counts; no rule on kinds of characters.

Refused are those that a guesser tries first: common passwords and words, runs and repetitions, and words
of the account or the site. A password of such parts alone is refused, with little (`OWN`) of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from provisioning.refusal import Refusal
from provisioning.registry.passwords import LONGEST, SHORTEST

KEPT = 5
"""Passwords before the present one that may not come back."""
OWN = 8
"""What may be beside guessable parts without making a password; a letter counts 2, a digit or a sign 1."""

COMMON = frozenset(
    # The parts of which lists of leaked passwords are mostly made, English and Pinyin.
    word
    for line in (
        "password passwort passwd pass word welcome letmein login admin administrator root user guest",
        "test tester testing changeme change secret private access master manager system server default",
        "qwerty qwertz azerty qaz qwert asdf asdfgh zxcv zxcvbn qazwsx zaq xsw wsx edc cde rfv vfr tgb",
        "qwe asd zxc iop abc abcd hello hallo monkey dragon tiger lion shadow sunshine princess football",
        "baseball basketball soccer hockey superman batman spiderman starwars pokemon naruto jordan",
        "michael jessica jennifer charlie thomas daniel ashley nicole michelle computer internet network",
        "windows google facebook microsoft linux ubuntu docker jupyter python oracle mysql postgres",
        "summer winter spring autumn monday tuesday wednesday thursday friday saturday sunday january",
        "february march april june july august september october november december love iloveyou lovely",
        "loveme forever family freedom whatever trustno trust nothing money happy flower cookie cheese",
        "chocolate coffee banana orange purple yellow silver golden diamond pepper ginger hunter ranger",
        "harley ferrari mercedes hospital clinic doctor nurse patient medical medicine health data",
        "database research science analysis analyst statistics project study woaini wo ai ni aini",
        "zhongguo china beijing shanghai guangzhou yiyuan yisheng huanzhe mima shuju nihao xiaoming wang",
        "zhang correct horse battery staple",
    )
    for word in line.split()
)
_LEET = str.maketrans(
    {"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"}
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
)
_RUN = 3
"""Characters that make a run or a repetition."""


def check_password(password: str, own_words: Iterable[str] = ()) -> None:
    """See that ``password`` may be used; ``own_words`` are the account's and the site's.

    Raises `Refusal`.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refusal(
            "A password needs {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST
        )
    plain = unicodedata.normalize("NFKC", password).casefold()
    words = COMMON | _words(own_words)
    # As typed and with digits read as the letters that they stand for: the more guessable reading counts.
    if min(_left(reading, words) for reading in (plain, plain.translate(_LEET))) <= OWN:
        raise Refusal(
            "This password is easy to guess: it is made of common words, names or runs. Choose another, "
            "such as four words that have nothing to do with one another."
        )


def _words(given: Iterable[str]) -> set[str]:
    parts: set[str] = set()
    for text in given:
        plain = unicodedata.normalize("NFKC", text).casefold()
        parts |= {part for part in re.split(r"[\W_]+", plain) if len(part) >= 2}
        parts.add(re.sub(r"[\W_]+", "", plain))
    return {part for part in parts if len(part) >= 2}


def _left(text: str, words: set[str] | frozenset[str]) -> int:
    """The least that stays when guessable parts are taken out, whichever way that is done (see `OWN`)."""
    text = _folded(text[:256])
    longest = max((len(word) for word in words), default=0)
    fewest = [0] + [2 * len(text)] * len(text)
    for end in range(1, len(text) + 1):
        best = fewest[end - 1] + (2 if text[end - 1].isalpha() else 1)
        for start in range(max(0, end - longest), end - 1):
            if text[start:end] in words:
                best = min(best, fewest[start])
        length = _run_ending(text, end)
        if length >= _RUN:
            best = min(best, fewest[end - length])
        fewest[end] = best
    return fewest[-1]


def _folded(text: str) -> str:
    """A text that repeats itself, as its unit: repeating adds nothing to guess."""
    for size in range(1, len(text) // 2 + 1):
        unit = text[:size]
        if (unit * (len(text) // size + 1))[: len(text)] == text:
            return unit
    return text


def _run_ending(text: str, end: int) -> int:
    """How many characters up to ``end`` repeat one, or follow one another on a keyboard."""
    longest = 1
    for follows in (_same, _next, _before):
        length = 1
        while end - length > 0 and follows(text[end - length - 1], text[end - length]):
            length += 1
        longest = max(longest, length)
    return longest


def _same(first: str, second: str) -> bool:
    return first == second


def _next(first: str, second: str) -> bool:
    return any(first + second in row for row in _ROWS)


def _before(first: str, second: str) -> bool:
    return _next(second, first)
