"""Numbers as a medical journal prints them."""

from __future__ import annotations

import math

NOTHING = "–"


def count(value: float) -> str:
    """``2,982``."""
    return NOTHING if math.isnan(value) else f"{int(value):,}"


def number(value: float, digits: int = 1) -> str:
    """Fixed decimals; no more than a whole number needs from 1000 on."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.{digits}f}"


def short(value: float) -> str:
    """A measurement without needless zeros: ``74``, ``0.4``."""
    return (
        NOTHING
        if value is None or math.isnan(value)
        else f"{value:,.4g}"
        if abs(value) < 1e4
        else f"{value:,.0f}"
    )


def percent(value: float, digits: int = 1) -> str:
    """A percentage of a number between 0 and 100."""
    return NOTHING if math.isnan(value) else f"{value:.{digits}f}%"


def share(part: float, whole: float) -> str:
    """``1,518 (50.9%)``."""
    return f"{count(part)} ({percent(100 * part / whole)})" if whole else count(part)


def p_value(value: float) -> str:
    """``<0.001``, three decimals below 0.1, two above."""
    if value is None or math.isnan(value):
        return NOTHING
    if value < 0.001:
        return "<0.001"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def interval(value: float, lower: float, upper: float, digits: int = 2) -> str:
    """``1.52 (1.37–1.68)``; the value alone when it has no interval."""
    if value is None or math.isnan(value):
        return NOTHING
    if math.isnan(lower) and math.isnan(upper):
        return number(value, digits)
    between = ", " if lower < 0 or upper < 0 else "–"
    ends = between.join(NOTHING if math.isnan(end) else number(end, digits) for end in (lower, upper))
    return f"{number(value, digits)} ({ends})"
