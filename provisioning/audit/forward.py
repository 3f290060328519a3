"""Handing the trail on to a syslog receiver from where it was left off: all of it, in order."""

from __future__ import annotations

import socket
from itertools import islice
from typing import Any

from sqlalchemy import Engine, func, select

from provisioning.audit import reading, syslog
from provisioning.audit.syslog import Receiver
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.models import AuditPosition, AuditRecord

BATCH = 500
"""Records that are sent, and then remembered as handed on, at a time."""


def reader(to: Receiver) -> str:
    """What the receiver's position in the trail is called."""
    return f"{reading.RECEIVER}{to.address}"[:200]


def forward(registry: Engine, to: Receiver, batch: int = BATCH, host: str | None = None) -> int:
    """Send what the receiver does not have yet; returns how many records that were.

    The position is in the registry and moves when a batch was taken: who is killed before sends it again.
    A receiver without a position begins with the oldest record there is. Raises `syslog.ReceiverAway`.
    """
    sent = 0
    while True:
        after = position(registry, to)
        lines = _lines(registry, after, batch)
        if not lines:
            return sent
        syslog.send(to, [syslog.message(line, host or socket.gethostname()) for line in lines])
        _moved(registry, to, lines[-1]["number"])
        sent += len(lines)


def position(registry: Engine, to: Receiver) -> int:
    """The number of the last record that the receiver has; at first one is made, before any is pruned."""
    with database.sessions(registry)() as session:
        found = session.get(AuditPosition, reader(to))
        if found is not None:
            return found.number
    with database.writing(registry) as session:
        oldest = session.scalar(select(func.min(AuditRecord.number))) or 1
        session.add(AuditPosition(reader=reader(to), number=oldest - 1, time=utc_now()))
    return oldest - 1


def forget_others(registry: Engine, to: Receiver | None) -> None:
    """Drop the positions of receivers that are no longer configured: they hold no pruning back."""
    with database.writing(registry) as session:
        for row in session.scalars(select(AuditPosition)):
            if row.reader.startswith(reading.RECEIVER) and (to is None or row.reader != reader(to)):
                session.delete(row)


def _lines(registry: Engine, after: int, batch: int) -> list[dict[str, Any]]:
    with database.sessions(registry)() as session:
        return list(islice(reading.lines(session, after, after + batch), batch))


def _moved(registry: Engine, to: Receiver, number: int) -> None:
    with database.writing(registry) as session:
        row = session.get(AuditPosition, reader(to))
        if row is None:
            session.add(AuditPosition(reader=reader(to), number=number, time=utc_now()))
        elif row.number < number:
            row.number, row.time = number, utc_now()
