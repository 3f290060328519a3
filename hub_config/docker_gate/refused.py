"""How the gate says no."""

from __future__ import annotations


class Refused(Exception):
    """A call that the gate does not pass on; its text is one line for the log and the caller.

    Attributes
    ----------
    status
        The HTTP status of the answer: 403 for what is not allowed, 409 for what is damaged.
    """

    def __init__(self, reason: str, status: int = 403):
        super().__init__(reason)
        self.status = status
