"""Taking what the Docker gate refused in to the audit trail, each refusal once."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub_config.docker_gate.refusals import REFUSED
from provisioning.audit import trail
from provisioning.registry import database
from provisioning.registry.columns import utc_now
from provisioning.registry.events import moment_of
from provisioning.registry.models import AuditPosition

READER = "docker-gate"
LARGEST = 1024 * 1024
"""Bytes of an answer."""


def take_in(registry: Engine, gate: str) -> int:
    """Record what the gate at the socket ``gate`` refused since the last time; returns how many records.

    Raises OSError and ValueError where the gate does not answer as it does.
    """
    with database.sessions(registry)() as session:
        row = session.get(AuditPosition, READER)
        after = row.number if row else 0
    answer = _ask(gate, after)
    if answer["last"] < after:  # its folder was begun anew
        after, answer = 0, _ask(gate, 0)
    lines = answer["refused"]
    if not lines:
        return 0
    with database.writing(registry) as session:
        missing = lines[0]["number"] - after - 1
        if missing:
            _record(session, {"reason": "lost", "count": missing}, None)
        for line in lines:
            _record(session, {name: line[name] for name in ("method", "reason", "count")}, line["time"])
        row = session.get(AuditPosition, READER)
        if row is None:
            session.add(AuditPosition(reader=READER, number=lines[-1]["number"], time=utc_now()))
        else:
            row.number, row.time = lines[-1]["number"], utc_now()
    return len(lines)


def _record(session: Session, detail: dict[str, Any], time: str | None) -> None:
    at = moment_of(time) if time else utc_now()
    trail.record_or_malformed(session, "docker-refused", source="gate", user="", time=at, detail=detail)


def _ask(gate: str, after: int) -> dict[str, Any]:
    connection = http.client.HTTPConnection("gate", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.sock.settimeout(20)
        connection.sock.connect(gate)
        connection.request("GET", f"{REFUSED}?after={after}")
        response = connection.getresponse()
        content = response.read(LARGEST)
    finally:
        connection.close()
    document = json.loads(content)
    if response.status != 200 or not isinstance(document, dict) or not isinstance(document.get("last"), int):
        raise ValueError(f"the gate answers {response.status}")
    lines = document["refused"]
    if not all(isinstance(line, dict) and type(line.get("number")) is int for line in lines):
        raise ValueError("the gate's refusals have no numbers")
    return document
