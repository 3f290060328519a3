"""What may be shown of a count: nothing under `SMALLEST`, the others rounded.

Rounding is the complementary suppression: a total less the values that are shown is never the count
of the one that is not, in one table or over two that differ by a filter, whichever was asked for first.
"""

from __future__ import annotations

SMALLEST = 10
STEP = 5


def masked(count: int) -> int | None:
    """``count`` as it may be shown, None for ``<10``. Zero is small too: it tells of everybody."""
    return None if count < SMALLEST else STEP * round(count / STEP)


def written(count: int | None) -> str:
    """A masked count as text."""
    return f"<{SMALLEST}" if count is None else f"{count:,}"
