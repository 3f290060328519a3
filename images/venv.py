"""The virtual environment for development and tests: ``python3 -m images.venv``."""

from __future__ import annotations

import sys
import venv

from images.console import Stop, run, say, stop_with_line
from images.recipe import ROOT


def make() -> None:
    """Make ``.venv`` from the locked requirements, with Carrel itself in editable form."""
    folder = ROOT / ".venv"
    python = folder / "bin/python"
    say("making .venv from requirements/dev.txt")
    try:
        if not python.exists():
            venv.create(folder, with_pip=True)
    except Exception as error:
        raise Stop(
            "Python can't make a virtual environment; mend it with: apt-get install python3-venv"
        ) from error
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    run(
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements/dev.txt")],
        why="The packages could not be installed",
    )
    run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        why="Carrel could not be installed",
    )
    (folder / "ready").touch()


if __name__ == "__main__":
    try:
        make()
    except Stop as error:
        sys.exit(stop_with_line(error))
