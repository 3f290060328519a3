"""The command: exit status 0 for a run that succeeded, 1 for one that failed, 2 for a malformed request."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from templates_nb.runner import request, run


def main(arguments: list[str] | None = None) -> int:
    """Run the request in the environment variable ``CARREL_RUN_REQUEST``."""
    parser = argparse.ArgumentParser(prog="templates_nb.runner", description=__doc__)
    parser.add_argument("--template", type=Path, default=Path("/template"), help="the template's folder")
    parser.add_argument("--data", type=Path, default=Path("/data"), help="holds one folder an extract")
    parser.add_argument("--run", type=Path, default=Path("/run"), help="the empty folder to fill")
    folders = parser.parse_args(arguments)
    # Out of the environment at once: the kernel inherits it and has no use for the request.
    text = os.environ.pop(request.VARIABLE, "")
    try:
        asked = request.parse(text)
    except request.RequestError as error:
        print(f"{request.VARIABLE}: {error}", file=sys.stderr)
        return 2
    failure = run.execute(asked, run.Folders(folders.template, folders.data, folders.run))
    if failure is not None:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
