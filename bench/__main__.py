"""The command line: ``python -m bench [desk_ready] [round_trip] [guard] [make_up --warm|--cold]``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from bench import make_up, report
from images.console import Stop, say, stop_with_line

COMPARED = ("desk_ready", "round_trip", "guard")
"""The modules whose `measure` gives figures; imported when asked for, as `make_up` has to do without them."""


def arguments() -> argparse.ArgumentParser:
    """What may be asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure Carrel against stock Jupyter."
    )
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"{', '.join(COMPARED)}, make_up; default: {COMPARED}"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--warm", action="store_true", help="make_up: on a site that stands")
    kind.add_argument(
        "--cold", action="store_true", help="make_up: after `make clean`, which REMOVES EVERYTHING"
    )
    return parser


def main(argv: list[str]) -> int:
    """Measure what is asked for, keep it, show the table; 1 with one line when something must be mended."""
    parser = arguments()
    asked = parser.parse_args(argv)
    names = asked.names or COMPARED
    for name in names:
        if name not in (*COMPARED, "make_up"):
            parser.error(f"there is no {name}")
    if ("make_up" in names) != (asked.warm or asked.cold):
        parser.error("make_up wants --warm or --cold, and nothing else does")
    try:
        for name in names:
            say(f"measuring {name}")
            if name == "make_up":
                kind = "make up, cold" if asked.cold else "make up, warm"
                section = report.keep(kind, make_up.measure(cold=asked.cold))
                print(f"\n{kind}\n{report.steps_table(section)}\n")
            else:
                figures = import_module(f"bench.{name}").measure()
                report.keep(name, {"figures": [figure.document() for figure in figures]})
    except Stop as error:
        return stop_with_line(error)
    if table := report.figures_table(report.load()):
        print(f"\n{table}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
