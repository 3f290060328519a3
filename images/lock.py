"""Resolving the requirements anew, with hashes: ``python3 -m images.lock`` (wants `uv`)."""

from __future__ import annotations

import shutil
import subprocess
import sys

from images.console import Stop, run, say, stop_with_line
from images.recipe import ROOT

EXTRAS = ("hub", "proxy", "desk", "engine", "stats", "dev")
IMAGE_PYTHON = "3.11.2"
"""Debian 12's own: some of the newest wheels want a later one, and must not be chosen."""

OPTIONS = (
    "--quiet",
    "--no-header",
    "--generate-hashes",
    "--only-binary=:all:",
    f"--python-version={IMAGE_PYTHON}",
)


def main() -> int:
    """Write every ``requirements/*.txt``."""
    uv = shutil.which("uv")
    if uv is None:
        return stop_with_line(Stop("uv is not installed; mend it with: pip install uv"))
    try:
        for extra in EXTRAS:
            say(f"resolving {extra}")
            target = str(ROOT / f"requirements/{extra}.txt")
            run(
                [
                    uv,
                    "pip",
                    "compile",
                    *OPTIONS,
                    f"--extra={extra}",
                    str(ROOT / "pyproject.toml"),
                    "-o",
                    target,
                ],
                why=f"{extra} could not be resolved",
            )
        say("resolving the build's own tools")
        subprocess.run(  # noqa: S603
            [uv, "pip", "compile", *OPTIONS, "-", "-o", str(ROOT / "requirements/build.txt")],
            input="hatchling>=1.26\npip>=25\n",
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
        )
    except Stop as error:
        return stop_with_line(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
