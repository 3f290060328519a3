"""One message on its way to the browser: what the functions that filter its content work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from export_guard.outputs.bundle import Filtered, filter_bundle
from export_guard.outputs.limits import OutputLimits
from export_guard.outputs.state import WireState
from export_guard.outputs.text import CONTROLS, plain_text, size_of, sound, visible
from export_guard.outputs.withheld import Withheld


@dataclass(slots=True)
class Passing:
    """Collects, while a message's content is filtered, what is shown and what is not."""

    limits: OutputLimits
    state: WireState
    parent: str = ""
    buffers: list[Any] = field(default_factory=list)
    # What is put on the execution's account, and whether its cell goes on showing it.
    size: int = 0
    cells: int = 0
    in_cell: bool = False
    withheld: list[Withheld] = field(default_factory=list)
    kept_buffers: list[bytes] = field(default_factory=list)

    def hold(self, what: str, reason: str, size: int = 0) -> None:
        """Note something that does not pass."""
        self.withheld.append(Withheld(what, reason, size))

    def bundle(self, data: Any, metadata: Any) -> Filtered:
        """A bundle filtered, and counted."""
        filtered = filter_bundle(data, metadata, self.limits, language=self.state.language)
        self.size += filtered.size
        self.cells += filtered.cells
        self.withheld.extend(filtered.withheld)
        return filtered

    def text(self, value: Any, limit: int = 0) -> str:
        """Text of an answer: fit to show, cut at ``limit`` characters, and counted."""
        limit = limit or self.limits.text_bytes
        if type(value) is not str:
            return ""
        if len(value) > limit:
            self.hold("text", "too-large", len(value))
        kept = plain_text(value[:limit])
        self.size += size_of(kept)
        return kept

    def code(self, value: Any, limit: int) -> str:
        """Text that goes into a cell: as it is, since it is never shown as an output."""
        if type(value) is not str:
            return ""
        kept = CONTROLS.sub("", visible(sound(value[:limit])))
        self.size += size_of(kept)
        return kept

    def strings(self, values: Any, number: int, limit: int, *, code: bool = False) -> list[str]:
        """A list of texts (or of ``code``), ``number`` at most."""
        if not isinstance(values, list | tuple):
            return []
        if len(values) > number:
            self.hold("list", "too-many", len(values))
        kept = []
        for value in values[:number]:
            if self.size > self.limits.message_bytes:
                self.hold("list", "message-limit", self.size)
                break
            kept.append(self.code(value, limit) if code else self.text(value, limit))
        return kept


def number(value: Any) -> int | None:
    """A whole number as a message's fields have them; None for anything else."""
    return value if type(value) is int and -(2**53) < value < 2**53 else None


def count(value: Any) -> int | None:
    """The number of an execution; None when there is none."""
    kept = number(value)
    return kept if kept is not None and kept >= 0 else None
