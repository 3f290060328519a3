"""``carrel event``: what desks, the hub and the portal reported."""

from __future__ import annotations

import argparse
from argparse import Namespace
from datetime import datetime
from typing import Any

from provisioning.command.answer import Answer, table
from provisioning.command.arguments import noun, reading, verb
from provisioning.registry.events import KINDS, events
from provisioning.registry.models import AuditRecord


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "event", "events: denials, withheld outputs, release requests, desks")
    parser = verb(verbs, "list", _list, "list events, newest first")
    parser.add_argument("--user", metavar="ACCOUNT", help="of this account only")
    parser.add_argument("--project", metavar="PROJECT", help="of this project only")
    parser.add_argument("--kind", choices=sorted(KINDS), metavar="KIND", help=", ".join(sorted(KINDS)))
    parser.add_argument(
        "--since", type=_moment, metavar="TIME", help="from YYYY-MM-DD or YYYY-MM-DDTHH:MM on, by this clock"
    )
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N (default 100)")


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write YYYY-MM-DD or YYYY-MM-DDTHH:MM"
        ) from error


def _row(event: AuditRecord) -> dict[str, Any]:
    names = ("number", "time", "received", "source", "user", "project", "kind", "detail")
    return {"event": event.id, **{name: getattr(event, name) for name in names}}


def _list(chosen: Namespace) -> Answer:
    with reading() as session:
        found = events(
            session,
            user=chosen.user,
            project=chosen.project,
            kind=chosen.kind,
            since=chosen.since,
            limit=max(1, chosen.limit),
        )
    return table([_row(event) for event in found], ("number", "time", "user", "project", "kind", "detail"))
