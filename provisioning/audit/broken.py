"""How a verification says that the trail is not what it was."""

from __future__ import annotations

from provisioning.refusal import Refusal


class TrailBroken(Refusal):
    """The trail is not what it was; ``number`` is the first record that shows it."""

    def __init__(self, number: int, message: str, **values: object) -> None:
        super().__init__(message, number=number, **values)
        self.number = number
