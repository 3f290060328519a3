"""JSON that hostile code may have written, parsed only when it cannot hurt the reader.

A few megabytes of ``[[],[],…`` become gigabytes of Python objects, so the parts are counted before
any object is made.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any

import orjson

# Up to and with the next comma or opening bracket outside of strings. A string that does not end runs to
# the end of the text, and so does the last match: every byte is looked at once, whatever it is.
_NEXT_PART = re.compile(
    rb'(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^"\[{,]++)*+(?:[\[{,]|\Z)',
    re.DOTALL,
)
_NOT_OPENING = bytes(set(range(256)) - set(b",[{"))


class NotJson(ValueError):
    """It is no JSON in UTF-8."""


class TooMany(ValueError):
    """It holds more values than it may."""


class TooDeep(ValueError):
    """It holds more lists and objects inside each other than it may."""


def parse(data: bytes, *, parts: int, depth: int) -> Any:
    """The document. At most about ``parts`` values, at most ``depth`` inside each other.

    NaN and the infinities, which are not JSON and which browsers refuse, become null.

    Raises `NotJson`, `TooMany` or `TooDeep`.
    """
    if more_parts_than(parts, data):
        raise TooMany
    document = _read(data)
    check_depth(document, depth)
    return document


def _read(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except ValueError:
        pass  # NaN, half a surrogate pair, or no JSON at all: a slower reader knows
    try:
        # Decoded here, or json would also take UTF-16, in which the count sees nothing.
        return json.loads(data.decode("utf-8"), parse_constant=lambda _: None)
    except RecursionError:
        raise TooDeep from None
    except ValueError:  # also bytes that are not UTF-8, and numbers of thousands of digits
        raise NotJson from None


def check_depth(document: Any, depth: int) -> None:
    """Raises `TooDeep` when more than ``depth`` lists and objects are inside each other."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    if level:
        raise TooDeep


def more_parts_than(parts: int, data: bytes) -> bool:
    """Whether there are more than about ``parts`` values in a JSON text, well-formed or not."""
    # Each value but the first follows an opening byte. Those in strings count only in the quick look.
    if len(data.translate(None, _NOT_OPENING)) <= parts:
        return False
    return next(islice(_NEXT_PART.finditer(data), parts, None), None) is not None
