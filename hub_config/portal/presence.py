"""What the portal tells the registry of people being there, for their sessions not to end."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine

from provisioning.accounts import sessions
from provisioning.refusal import Refusal
from provisioning.registry import database
from provisioning.registry.columns import utc_now

MOST = 100
"""Sessions that a desk may tell of at once: a person's browsers."""
_KEY = re.compile(r"[0-9a-f]{64}")


def acted(registry: Engine, account: str, session_id: str) -> None:
    """The person did something in the portal; it blocks."""
    now = utc_now()
    with database.sessions(registry)() as session:
        row = sessions.find(session, session_id)
        if row is None or now - row.active < sessions.RESOLUTION:
            return
    with database.writing(registry) as session:
        sessions.touch(session, [sessions.key(session_id)], account, now)


def of_desk(registry: Engine, account: str, document: dict[str, Any]) -> dict[str, str]:
    """Take what a desk tells: sessions (`sessions.key`) that ``acted``, and that are ``open``; it blocks.

    Answers those that are over, each with its reason. Raises `Refusal`.
    """
    did, there = _keys(document.get("acted")), _keys(document.get("open"))
    now = utc_now()
    if did:
        with database.writing(registry) as session:
            sessions.touch(session, did, account, now)
    with database.sessions(registry)() as session:
        return sessions.ended_among(session, did | there, account, now)


def _keys(given: object) -> set[str]:
    if not isinstance(given, list) or len(given) > MOST:
        raise Refusal("Sessions come as a list of at most {limit}.", limit=MOST)
    if not all(isinstance(each, str) and _KEY.fullmatch(each) for each in given):
        raise Refusal("A session is named by 64 hexadecimal digits.")
    return set(given)
