"""What is put on record of signing in. Never what was typed: a password often stands in the wrong field."""

from __future__ import annotations

import logging

from sqlalchemy import Engine

from provisioning.accounts.attempt import Attempt
from provisioning.registry import events

log = logging.getLogger("carrel.sign_in")

KINDS = frozenset(
    {"sign-in", "sign-in-refused", "sign-out", "locked-out", "password-changed", "totp-enrolled"}
)
NOBODY = "-"
"""The user of what no account's name goes with."""


def record(registry: Engine, kind: str, account: str, reason: str | None = None) -> None:
    """Put one of `KINDS` on record, with the class of its reason; it blocks."""
    if kind not in KINDS:
        raise ValueError(kind)
    detail = {} if reason is None else {"reason": reason}
    events.note(registry, source="hub", user=account, project="-", kind=kind, detail=detail)


def refused(registry: Engine, attempt: Attempt) -> None:
    """Put a try that opened nothing on record."""
    account = attempt.account if attempt.known else NOBODY
    record(registry, "sign-in-refused", account, str(attempt.outcome) if attempt.known else "unknown")
    if attempt.locked_now:
        record(registry, "locked-out", account)
