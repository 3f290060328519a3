"""What the guard's parts on one desk share: events, budget, limits. `tornado`'s settings hold it."""

from __future__ import annotations

from dataclasses import dataclass, field

from export_guard.budget import DisplayBudget, Level
from export_guard.events import Emitter
from export_guard.limits import ExportGuard
from export_guard.numbers import Numbers
from export_guard.outputs import OutputLimits
from export_guard.sessions import Sessions
from export_guard.shown import Shown
from export_guard.typed import TypedBudget

SETTING = "export_guard"
"""The key in the web application's settings."""


@dataclass
class Desk:
    """One desk's guard."""

    limits: ExportGuard
    emitter: Emitter
    budget: DisplayBudget
    typed: TypedBudget
    output_limits: OutputLimits = field(default_factory=OutputLimits)
    shown: Shown = field(default_factory=Shown)
    sessions: Sessions = field(default_factory=Sessions)
    numbers: Numbers = field(default_factory=Numbers)

    def watch_budget(self) -> None:
        """Record each time that the budget is nearly, or all, spent."""

        def crossed(level: Level) -> None:
            report = self.budget.report()
            self.emitter.budget(level=level.value, size=report["bytes"], cells=report["cells"])

        self.budget.crossed = crossed
