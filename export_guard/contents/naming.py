"""Names for what a person makes without naming it: ``Untitled1.ipynb``, ``table-Copy2.tar.gz``."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 1_000
"""Names that are tried; a folder with more of the same kind wants tidying."""


def candidates(name: str, insert: str) -> Iterator[str]:
    """``name``, then ``name`` with ``insert`` and a number before its suffix, as Jupyter does it."""
    stem, dot, suffix = name.rpartition(".")
    if suffix != "ipynb":
        stem, dot, suffix = name.partition(".")
    yield name
    for number in range(1, MOST):
        yield f"{stem}{insert}{number}{dot}{suffix}"
