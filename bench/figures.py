"""One compared quantity: Carrel's value, stock's, their ratio, and whether that meets the target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

HEADINGS = ("", "Carrel", "stock", "ratio", "target", "met")


def p95(samples: Sequence[float]) -> float:
    """The value that 95 % of the samples do not exceed."""
    return quantiles(samples, n=20, method="inclusive")[-1]


@dataclass(frozen=True)
class Figure:
    """A quantity of which less is better, in ``unit``; ``target`` is the largest ratio that is good enough.

    A figure without a target is told for information.
    """

    name: str
    unit: str
    carrel: float
    stock: float
    target: float | None
    samples: int
    """Of each side."""

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        carrel: Sequence[float],
        stock: Sequence[float],
        *,
        target: float | None = None,
        statistic: Callable[[Sequence[float]], float] = median,
    ) -> Figure:
        """The figure that ``statistic`` makes of both sides' samples."""
        return cls(name, unit, statistic(carrel), statistic(stock), target, min(len(carrel), len(stock)))

    @property
    def ratio(self) -> float:
        """Carrel's value in stock's."""
        return self.carrel / self.stock

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return None if self.target is None else self.ratio <= self.target

    def document(self) -> dict[str, Any]:
        """As JSON."""
        values = {
            "carrel": round(self.carrel, 4),
            "stock": round(self.stock, 4),
            "ratio": round(self.ratio, 3),
        }
        return {**asdict(self), **values, "met": self.met}


def row(figure: dict[str, Any]) -> tuple[str, ...]:
    """A figure's document as cells under `HEADINGS`."""
    target = figure["target"]
    return (
        figure["name"],
        *(f"{_short(figure[side])} {figure['unit']}" for side in ("carrel", "stock")),
        f"{figure['ratio']:.2f}",
        "" if target is None else f"≤ {target:g}",
        {True: "yes", False: "no", None: ""}[figure["met"]],
    )


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows: Iterable[tuple[str, ...]], headings: tuple[str, ...] = HEADINGS) -> str:
    """Rows as a Markdown table whose columns line up for a reader of plain text, too."""
    cells = [headings, *rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]

    def line(values: tuple[str, ...]) -> str:
        first = values[0].ljust(widths[0])
        others = [value.rjust(width) for value, width in zip(values[1:], widths[1:], strict=True)]
        return f"| {' | '.join([first, *others])} |"

    rule = f"|-{'-' * widths[0]}-|" + "".join(f"-{'-' * width}:|" for width in widths[1:])
    return "\n".join([line(headings), rule, *map(line, cells[1:])])
