"""Faults of site files: gathered, so that a person mends all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from provisioning.lined_yaml import FileRefused
from provisioning.refusal import Refusal


@dataclass(frozen=True)
class Place:
    """Where in a file a thing is declared, for the errors that only the registry can find."""

    file: str
    line: int

    def refuse(self, refusal: Refusal) -> FileRefused:
        """``refusal`` with file and line before it."""
        return FileRefused(refusal.message, (self.file, self.line), **refusal.values)


class SeveralFaults(Refusal):
    """Two faults or more, a line each."""

    def __init__(self, faults: Sequence[Refusal]) -> None:
        super().__init__("several faults")
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))

    def text(self, language: str) -> str:
        return "\n".join(fault.text(language) for fault in self.faults)


class Faults:
    """What is wrong, in the order found; `refuse` raises it all."""

    def __init__(self) -> None:
        self.found: list[Refusal] = []

    @contextmanager
    def keep(self, place: Place | None = None) -> Iterator[None]:
        """Keep a refusal, put at ``place`` unless it has one, and go on after the block."""
        try:
            yield
        except FileRefused as refusal:
            self.found.append(refusal)
        except Refusal as refusal:
            self.found.append(place.refuse(refusal) if place else refusal)

    def refuse(self) -> None:
        """Raise the one fault, or `SeveralFaults`; nothing where there is none."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise SeveralFaults(self.found)
