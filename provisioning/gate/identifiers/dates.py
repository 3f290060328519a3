"""Full dates (with their day), dates of birth, ages of 90 and more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provisioning.gate.identifiers.checks import is_date
from provisioning.gate.identifiers.found import Candidate
from provisioning.gate.identifiers.kinds import Kind

MONTHS = {name: number for number, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}
_MONTH = (
    r"(Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|"
    r"Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_YEAR = r"(18[9]\d|19\d{2}|20\d{2})"
CHINESE = re.compile(rf"(?<![0-9]){_YEAR} ?年 ?([01]?\d) ?月 ?([0-3]?\d) ?[日号]?(?![0-9])")
YEAR_FIRST = re.compile(rf"(?<![0-9A-Za-z.-]){_YEAR}([-/.])([01]?\d)\2([0-3]?\d)(?![0-9])(?!\.\d)")
COMPACT = re.compile(rf"(?<![0-9A-Za-z.-]){_YEAR}([01]\d)([0-3]\d)(?![0-9A-Za-z-]|\.\d)")
YEAR_LAST = re.compile(rf"(?<![0-9A-Za-z./-])([0-3]?\d)([-/.])([0-3]?\d)\2{_YEAR}(?![0-9])")
MONTH_FIRST = re.compile(rf"(?<![A-Za-z]){_MONTH}\.? {{0,2}}([0-3]?\d)(?:st|nd|rd|th)?(?:,? {{0,2}}{_YEAR})?(?![0-9A-Za-z%]|\.\d)", re.IGNORECASE)
DAY_FIRST = re.compile(rf"(?<![0-9A-Za-z.])([0-3]?\d)(?:st|nd|rd|th)?(?: of)?[ -]{_MONTH}\.?(?:,?[ -]{_YEAR})?(?![0-9A-Za-z])", re.IGNORECASE)
MONTH_DAY = re.compile(r"(?<![0-9年])([01]?\d)月([0-3]?\d)[日号]")
BIRTH_BEFORE = re.compile(r"(?:出生(?:日期|年月日?|时间)?|生日|生于|DOB|D\.O\.B\.?|birth ?date|date of birth|birthday|born(?: on)?)[^0-9A-Za-z]{0,6}(?:is |was |on )?$", re.IGNORECASE)
BIRTH_AFTER = re.compile(r"\s?(?:出生|生(?=[，,。；; ]))")
NOT_A_PERSONS = re.compile(
    r"(?:版本|版|指南|共识|方案|伦理(?:批件|批准)?|修订|发布|标准|规范|文件|批准|批件|生效|有效期|失效|生产)(?:日期|号|时间)?[^0-9A-Za-z。；\n]{0,6}$"
    r"|(?:version|protocol|guideline|amendment|revision|revised|effective|published|approved|expir(?:y|es)|copyright|updated)(?: date| of| on| in| dated)?[\s:,(]{0,4}$",
    re.IGNORECASE,
)
"""Words before a date that say that it dates a document or a product rather than what happened to someone."""
OLD_AGE = re.compile(
    r"(?<![0-9.])(9\d|1[0-2]\d)(?: ?(?:周岁|岁)|[ -]?(?:year|yr)s?[ -]?old|[ -]?y/?o\b| years of age)"
    r"|(?:年龄|age[d]?)[\s:]{1,3}(9\d|1[0-2]\d)(?![0-9.%/]|\s?(?:mg|kg|cm|mm|bpm))",
    re.IGNORECASE,
)


def dates(text: str) -> Iterator[Candidate]:
    """Every full date, and a month with its day, that dates something of a person."""
    for match in CHINESE.finditer(text):
        yield from _date(text, match, match.group(1), match.group(2), match.group(3))
    for match in YEAR_FIRST.finditer(text):
        yield from _date(text, match, match.group(1), match.group(3), match.group(4))
    for match in COMPACT.finditer(text):
        yield from _date(text, match, match.group(1), match.group(2), match.group(3))
    for match in YEAR_LAST.finditer(text):
        first, second = match.group(1), match.group(3)
        month, day = (first, second) if int(first) <= 12 else (second, first)
        yield from _date(text, match, match.group(4), month, day)
    for match in MONTH_FIRST.finditer(text):
        month = str(MONTHS[match.group(1)[:3].lower()])
        # "may 5" is a verb and a dose as often as a day: a month without its year begins large.
        if match.group(3) or match.group(1)[0].isupper():
            yield from _date(text, match, match.group(3) or "2000", month, match.group(2))
    for match in DAY_FIRST.finditer(text):
        if match.group(3) or match.group(2)[0].isupper():
            month = str(MONTHS[match.group(2)[:3].lower()])
            yield from _date(text, match, match.group(3) or "2000", month, match.group(1))
    for match in MONTH_DAY.finditer(text):
        yield from _date(text, match, "2000", match.group(1), match.group(2))


def _date(text: str, match: re.Match[str], year: str, month: str, day: str) -> Iterator[Candidate]:
    if not is_date(int(year), int(month), int(day)):
        return
    before = text[max(0, match.start() - 20) : match.start()]
    if BIRTH_BEFORE.search(before) or BIRTH_AFTER.match(text, match.end()):
        yield Candidate(Kind.BIRTH_DATE, *match.span(), 85)
    elif not NOT_A_PERSONS.search(before):
        yield Candidate(Kind.DATE, *match.span(), 50)


def old_ages(text: str) -> Iterator[Candidate]:
    """Ages that safe harbour puts into one class of 90 and more."""
    for match in OLD_AGE.finditer(text):
        group = 1 if match.group(1) else 2
        yield Candidate(Kind.AGE_OVER_89, match.start(group), match.end(group), 60)
