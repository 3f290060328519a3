"""Starts the desk's server: ``python -m export_guard.start`` in place of ``jupyterhub-singleuser``."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run `jupyterhub-singleuser` without the imports that cost most of its start.

    ``jsonschema`` imports ``rfc3987_syntax`` where it is installed, to check the JSON Schema formats
    ``iri`` and ``iri-reference``; that builds a parser for 1.5 s. No schema on a desk uses either, and
    ``jsonschema`` does without when the import fails. Garbage collection finds nothing while
    modules load, so it waits, and what has been loaded by then is never looked at again.
    """
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    gc.disable()
    from jupyterhub.singleuser import main as singleuser  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    singleuser()


if __name__ == "__main__":
    main()
