"""What was sanitised lately: the same table is shown, saved, and opened again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from sys import getsizeof
from threading import Lock

BYTES = 32 * 1024 * 1024
WORTH_IT = 512
"""Characters; what is shorter is made anew as fast as it is found."""
ENTRY = 512
"""Bytes that an entry takes beside its text. Of a script nothing is left, but the entry is."""


class Remembered:
    """Results of a pure function of a text, kept by its digest, the oldest dropped past ``size`` bytes.

    The digest is cryptographic (BLAKE2b): nobody finds a hostile text that is answered as a harmless one.
    """

    def __init__(self, size: int = BYTES) -> None:
        self.size = size
        self._kept: OrderedDict[Hashable, str] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def of(self, text: str, settings: Hashable, make: Callable[[], str | None]) -> str | None:
        """What ``make`` makes of ``text`` under ``settings``; None is not kept."""
        if len(text) < WORTH_IT:
            return make()
        key = (blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest(), settings)
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        made = make()
        if made is not None:
            with self._lock:
                if key not in self._kept:
                    self._held += getsizeof(made) + ENTRY
                self._kept[key] = made
                while self._held > self.size:
                    self._held -= getsizeof(self._kept.popitem(last=False)[1]) + ENTRY
        return made
