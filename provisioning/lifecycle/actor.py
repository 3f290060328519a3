"""Who runs the command: ``CARREL_ACTOR``, else the user of the operating system."""

from __future__ import annotations

import os
import pwd
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}")


def actor() -> str:
    """A name that fits an event's user."""
    name = os.environ.get("CARREL_ACTOR") or ""
    if not _NAME.fullmatch(name):
        try:
            name = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            name = f"uid-{os.getuid()}"
    return name[:31]
