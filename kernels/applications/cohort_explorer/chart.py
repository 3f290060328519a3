"""One bar chart, as SVG without scripts, links or fonts of its own."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from kernels.applications.cohort_explorer.masking import written

ROW, LABELS, BARS, NUMBERS = 24, 200, 360, 90
COLOUR = "#2f6f9f"
LONGEST_LABEL = 26


def bars(rows: Sequence[tuple[str, int | None]], title: str) -> str:
    """Horizontal bars of masked counts. What is not shown has no bar, so no length gives it away."""
    most = max((count for _, count in rows if count), default=1)
    parts = []
    for number, (label, count) in enumerate(rows):
        top, middle = number * ROW, number * ROW + ROW * 2 // 3
        short = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"
        width = round(BARS * (count or 0) / most)
        parts.append(f'<text x="{LABELS - 8}" y="{middle}" text-anchor="end">{escape(short)}</text>')
        if width:
            parts.append(
                f'<rect x="{LABELS}" y="{top + 4}" width="{width}" height="{ROW - 8}" fill="{COLOUR}"></rect>'
            )
        parts.append(f'<text x="{LABELS + width + 6}" y="{middle}">{escape(written(count))}</text>')
    width, height = LABELS + BARS + NUMBERS, ROW * len(rows)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'font-size="13" font-family="sans-serif"><g>{"".join(parts)}</g></svg>'
        f"<p><small>{escape(title)}</small></p>"
    )
