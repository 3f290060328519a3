"""The command line of the `Makefile`: ``python3 -m provisioning.host up|down|clean|chromium|postgresql``."""

from __future__ import annotations

import sys

from images.console import Stop, say, stop_with_line
from provisioning.host import chromium, clean, compose, postgresql, up
from provisioning.host.lock import alone
from provisioning.host.settings import Site, site


def main(arguments: list[str]) -> int:
    """Do it; 1 with one line when something must be mended first, 2 on a wrong word."""
    verbs = {
        "up": up.up,
        "down": _down,
        "clean": clean.clean,
        "chromium": _chromium,
        "postgresql": _postgresql,
    }
    if len(arguments) != 1 or arguments[0] not in verbs:
        print("usage: python3 -m provisioning.host up|down|clean|chromium|postgresql", file=sys.stderr)
        return 2
    try:
        verbs[arguments[0]](site())
    except Stop as error:
        return stop_with_line(error)
    except KeyboardInterrupt:
        return stop_with_line(Stop(f"interrupted; run make {arguments[0]} again and it goes on from here"))
    return 0


def _chromium(_where: Site) -> None:
    chromium.ensure()


def _postgresql(_where: Site) -> None:
    postgresql.ensure()


def _down(where: Site) -> None:
    with alone(where):
        compose.down(where)
    say("stopped; make up starts it again")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
