"""What the filter remembers of one kernel between messages; all of it bounded."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from export_guard.outputs.limits import OutputLimits

EXECUTIONS = 256
PARENTS = 4096


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
    # The headers of what browsers asked, by message id, and of what a kernel named by itself.
    parents: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    # Whether the display budget is spent: then a kernel names nothing new.
    spent_budget: bool = False
    # The ids of what goes to a browser are made here: a kernel's own could be any text.
    session: str = field(default_factory=lambda: uuid4().hex)
    sent: int = 0
    # Comm id to the widget model that it carries, or `comms.CONTROL`.
    comms: dict[str, str] = field(default_factory=dict)
    # Comm id to the name of a model that was not let through, so that its view can say so.
    refused: dict[str, str] = field(default_factory=dict)
    # Whether a carriage return was seen since the last execution began; see `text.plain_text`.
    overwrites: bool = False

    def header(self, kind: str) -> dict[str, Any]:
        """The header of a message to a browser."""
        self.sent += 1
        return {
            "msg_id": f"{self.session}_{self.sent}",
            "msg_type": kind,
            "username": "username",
            "session": self.session,
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }

    def requested(self, header: dict[str, Any]) -> None:
        """A browser has sent this message, so answers may name it."""
        self.parents[header["msg_id"]] = header
        while len(self.parents) > PARENTS:
            self.parents.popitem(last=False)

    def parent(self, named: dict[str, Any]) -> tuple[dict[str, Any], int]:
        """The header of the message that a kernel answers, and the bytes of text in it that nobody here
        has seen before: a kernel that outlived its desk answers what the desk before was asked."""
        known = self.parents.get(named.get("msg_id", ""))
        if known is not None or not named:
            return known or {}, 0
        if self.spent_budget:
            return {}, 0
        self.requested(named)
        texts = (value for value in named.values() if isinstance(value, str))
        return named, sum(map(len, texts))

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
