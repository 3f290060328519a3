"""What is done on the host: ``python3 -m provisioning.host VERB``, such as up, down, backup, doctor."""

from __future__ import annotations

import sys

from images.console import Stop, say, stop_with_line
from provisioning.host import backup, chromium, clean, command, compose, doctor, postgresql, slapd, up
from provisioning.host.lock import alone
from provisioning.host.settings import Site, site


def main(arguments: list[str]) -> int:
    """Do it; 1 with one line when something must be mended first, 2 on a wrong word."""
    verbs = {
        "up": up.up,
        "down": _down,
        "clean": clean.clean,
        "reset": clean.reset,
        "chromium": _chromium,
        "slapd": _slapd,
        "postgresql": _postgresql,
    }
    keepers = {"backup": backup.backup, "restore": backup.restore, "doctor": _doctor}
    if arguments[:1] == ["carrel"]:
        return command.carrel(site(), arguments[1:], keepers)
    known = arguments and (arguments[0] in keepers or (arguments[0] in verbs and len(arguments) == 1))
    if not known:
        words = "|".join([*verbs, *keepers, "carrel"])
        print(f"usage: python3 -m provisioning.host {words}", file=sys.stderr)
        return 2
    try:
        if arguments[0] in keepers:
            return keepers[arguments[0]](site(), arguments[1:])
        verbs[arguments[0]](site())
    except Stop as error:
        return stop_with_line(error)
    except KeyboardInterrupt:
        return stop_with_line(Stop(f"interrupted; run make {arguments[0]} again and it goes on from here"))
    return 0


def _chromium(_where: Site) -> None:
    chromium.ensure()


def _slapd(_where: Site) -> None:
    slapd.ensure()


def _postgresql(_where: Site) -> None:
    postgresql.ensure()


def _doctor(where: Site, arguments: list[str]) -> int:
    if set(arguments) - {"--json"}:
        print("usage: python3 -m provisioning.host doctor [--json]", file=sys.stderr)
        return 2
    found = doctor.examine(where)
    print(doctor.report(found, "--json" in arguments))
    return 1 if any(each.state == "fail" for each in found) else 0


def _down(where: Site) -> None:
    with alone(where):
        compose.down(where)
    say("stopped; make up starts it again")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
