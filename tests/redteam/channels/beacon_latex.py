from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-latex",
    "A formula with a link, a picture and HTML in it",
    closed_by="wire filter: formulas are made inert",
)
def cell(address: str) -> str:
    formula = (
        rf"\href{{{address}?href}}{{x}} \require{{html}} \style{{background: url({address}?style)}}{{x}}"
    )
    return f"from IPython.display import Latex\nLatex({'$$' + formula + '$$'!r})"
