"""What this desk has shown, by digest: outputs that a browser saves came from here, or they are an import.

JupyterLab sends a notebook back whole, with its outputs. Without this, anybody could put a file into one
as an output and have the engine read it from the disk.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

REMEMBERED = 50_000
"""Values; 16 bytes each, and what Python needs around them."""


def digest(value: Any) -> bytes:
    """The same for the same value of a media type, whether text or JSON."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


class Shown:
    """The values of media types that went to a browser, the oldest forgotten first."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def note(self, bundle: Mapping[str, Any]) -> None:
        """Remember each value of a bundle that is sent."""
        for value in bundle.values():
            key = digest(value)
            self._digests[key] = None
            self._digests.move_to_end(key)
        while len(self._digests) > REMEMBERED:
            self._digests.popitem(last=False)

    def __contains__(self, key: object) -> bool:
        return key in self._digests
