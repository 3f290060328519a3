"""JSON from an engine, parsed within bounds: size, depth and number of values are checked first."""

from __future__ import annotations

from typing import Any

from export_guard import bounded_json as bounded
from export_guard.outputs.limits import OutputLimits


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
    try:
        return bounded.parse(data, parts=entries, depth=limits.depth)
    except bounded.TooMany as problem:
        raise Refused("too-many") from problem
    except (bounded.TooDeep, bounded.NotJson) as problem:
        raise Refused("malformed") from problem


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
