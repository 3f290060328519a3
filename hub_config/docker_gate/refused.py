"""How the gate says no."""

from __future__ import annotations


class Refused(Exception):
    """A call that the gate does not pass on; its text is one line for the log and the caller.

    Attributes
    ----------
    status
        The HTTP status of the answer: 403 for what is not allowed, 409 for what is damaged.
    absent
        Whether what was asked for is nowhere: nothing was denied then, and nothing is recorded.
    """

    def __init__(self, reason: str, status: int = 403, *, absent: bool = False):
        super().__init__(reason)
        self.status = status
        self.absent = absent
