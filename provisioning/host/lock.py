"""One `make up`, `make down` or `make clean` at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from images.console import Stop
from provisioning.host.settings import Site


@contextmanager
def alone(site: Site) -> Iterator[None]:
    """Hold the site's lock: a second command would pull the rug from under the first."""
    try:
        site.var.mkdir(parents=True, exist_ok=True)
        opened = (site.var / "up.lock").open("w")
    except OSError as error:
        raise Stop(
            f"The folder {site.var} can't be used ({error.strerror}); name another in CARREL_VAR, or use sudo"
        ) from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Stop("another make up, down or clean is under way; wait for it to end") from error
        yield
