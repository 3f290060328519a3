"""A batch of events as a desk sends it: one JSON object a line, each taken or refused by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from provisioning.refusal import Refusal
from provisioning.registry.events import Report, report

MEDIA_TYPE = "application/x-ndjson"
LARGEST_BATCH = 256 * 1024
LARGEST_LINE = 2 * 1024
"""Both in bytes."""
MOST_LINES = 500

_OWN = frozenset({"id", "time", "kind", "user", "project"})
"""What every line has. Who and where are the token's to say, so the last two are not looked at."""


@dataclass(frozen=True)
class Batch:
    """What a batch holds; ``refused`` is the position of each bad line and what is wrong with it."""

    reports: list[Report]
    refused: dict[int, Refusal]


def read(body: bytes) -> Batch:
    """Take a batch apart. Raises `Refusal` for one that is too large as a whole."""
    lines = body.split(b"\n", MOST_LINES + 1)
    if lines and not lines[-1]:
        lines.pop()
    if len(body) > LARGEST_BATCH or len(lines) > MOST_LINES:
        raise Refusal("A batch may have {limit} events at most.", limit=MOST_LINES)
    batch = Batch([], {})
    for position, line in enumerate(lines):
        try:
            batch.reports.append(_report(line))
        except Refusal as refusal:
            batch.refused[position] = refusal
    return batch


def _report(line: bytes) -> Report:
    if len(line) > LARGEST_LINE:
        raise Refusal("An event may have {limit} bytes at most.", limit=LARGEST_LINE)
    try:
        document: Any = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Refusal("An event must be a JSON object.")
    detail = {name: value for name, value in document.items() if name not in _OWN}
    return report(document.get("id"), document.get("time"), document.get("kind"), detail)
