"""Keeping the airlock's store to what release requests name."""

from __future__ import annotations

import time

from sqlalchemy import Engine

from export_guard.airlock.store import Store
from provisioning.registry import database, releases

UNNAMED_FOR = 24 * 3600.0
"""Seconds that content stays which no request names: a desk brings it just before it asks."""
AT_ONCE = 500


def sweep(registry: Engine, store: Store) -> int:
    """Remove what was brought and never asked for; returns how many files that were. It blocks."""
    store.sweep_halves()
    before, removed = time.time() - UNNAMED_FOR, 0
    old = list(store.digests(before))
    for start in range(0, len(old), AT_ONCE):
        some = old[start : start + AT_ONCE]
        with database.sessions(registry)() as session:
            named = releases.named(session, some)
        removed += sum(store.remove(digest, before) for digest in some if digest not in named)
    return removed
