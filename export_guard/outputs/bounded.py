"""JSON from an engine, parsed within bounds: size, depth and number of values are checked first."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

import orjson

from export_guard.outputs.limits import OutputLimits

# A JSON string; what is left without them is structure.
STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
NOT_BRACKET = re.compile(rb"[^\[\]{}]++")
STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
NOT_COUNTED = bytes(set(range(256)) - set(b"[{,"))


class Refused(ValueError):
    """The data is outside the bounds or is not JSON. ``reason`` is an id of `withheld.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def bounded_json(
    data: bytes, limits: OutputLimits, *, size: int | None = None, entries: int | None = None
) -> Any:
    """What ``data`` holds: at most ``size`` bytes and ``entries`` values (a message's limits when
    not given; a notebook's are `OutputLimits.notebook_bytes` and `notebook_entries`).

    NaN and the infinities, which Python writes and no browser reads, become None. Raises Refused.
    """
    if len(data) > (limits.message_bytes if size is None else size):
        raise Refused("too-large")
    entries = limits.entries if entries is None else entries
    # Counting without leaving strings out only finds too many, so most data needs no second look.
    counted = data.translate(None, NOT_COUNTED)
    commas = counted.count(b",")
    if len(counted) - commas > limits.depth or commas > entries:
        _look_closely(data, limits.depth, entries)
    try:
        return orjson.loads(data)
    except ValueError:
        pass  # NaN, half a surrogate pair, or no JSON at all: a slower reader knows
    try:
        return json.loads(data, parse_constant=_nothing)
    except (ValueError, RecursionError) as problem:
        raise Refused("malformed") from problem


def _look_closely(data: bytes, most: int, entries: int) -> None:
    structure = STRING.sub(b"", data)
    if structure.count(b",") + structure.count(b":") > entries:
        raise Refused("too-many")
    depth = max(accumulate(map(STEP.__getitem__, NOT_BRACKET.sub(b"", structure))), default=0)
    if depth > most:
        raise Refused("malformed")


def _nothing(_: str) -> None:
    return None


def within(value: Any, limits: OutputLimits) -> bool:
    """Whether an already parsed value keeps the bounds on depth and number. Never recurses."""
    level = [value]
    seen = 0
    for _ in range(limits.depth + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                seen += len(item)
                below.extend(item.values())
            elif isinstance(item, list | tuple):
                below.extend(item)
        seen += len(below)
        if seen > limits.entries:
            return False
        level = [item for item in below if isinstance(item, dict | list | tuple)]
        if not level:
            return True
    return False
