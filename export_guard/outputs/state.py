"""What the filter remembers of one kernel between messages; all of it bounded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from export_guard.outputs.limits import OutputLimits

EXECUTIONS = 256


@dataclass(slots=True)
class Spent:
    """Bytes that one execution has sent, and those of them that its cell shows now."""

    execution: int = 0
    cell: int = 0
    told: bool = False
    # Once an output did not fit, further ones are dropped unread: a flood costs no filtering.
    full: bool = False


@dataclass(slots=True)
class WireState:
    """One kernel's state, shared by all browser connections to it. ``language`` is the person's.

    An engine names the execution that an output belongs to, so only names that a browser has
    asked with count as one; the outputs of all others share one allowance.
    """

    language: str = "en"
    executions: OrderedDict[str, Spent] = field(default_factory=OrderedDict)
    others: Spent = field(default_factory=Spent)
    # Comm id to the widget model that it carries, or `comms.CONTROL`.
    comms: dict[str, str] = field(default_factory=dict)
    # Comm id to the name of a model that was not let through, so that its view can say so.
    refused: dict[str, str] = field(default_factory=dict)
    # Whether a carriage return was seen since the last execution began; see `text.plain_text`.
    overwrites: bool = False

    def asked(self, msg_id: str) -> None:
        """A browser has asked for an execution."""
        self.executions[msg_id] = Spent()
        self.others = Spent()
        self.overwrites = False
        while len(self.executions) > EXECUTIONS:
            self.executions.popitem(last=False)

    def restarted(self) -> None:
        """The kernel is a new one: its widgets are gone."""
        self.comms.clear()
        self.refused.clear()
        self.executions.clear()
        self.others = Spent()

    def spent(self, parent: str) -> Spent:
        """The account that an output of execution ``parent`` goes on."""
        return self.executions.get(parent, self.others)

    def spend(self, parent: str, size: int, limits: OutputLimits, *, in_cell: bool = True) -> str | None:
        """Put ``size`` bytes on the account; the id of the reason when it has not enough left."""
        account = self.spent(parent)
        if account.execution + size > limits.execution_bytes:
            account.full = True
            return "execution-limit"
        if in_cell and account.cell + size > limits.cell_bytes:
            return "cell-limit"
        account.execution += size
        if in_cell:
            account.cell += size
        return None

    def cleared(self, parent: str) -> None:
        """The cell of this execution shows nothing any more."""
        account = self.spent(parent)
        account.cell = 0
        account.told = account.full
