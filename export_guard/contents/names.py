"""Which names exist for a desk. The engine may make others; nobody can ask for them here."""

from __future__ import annotations

import re

from export_guard.contents.problems import Refused

LONGEST_NAME = 255
"""Bytes; what Linux takes."""
DEEPEST_PATH = 64
"""Folders in folders. Each costs one open descriptor while a tree is walked."""

# Control characters, both kinds of slash, line and paragraph separators, half surrogates (how
# Python spells bytes that are not UTF-8), and the characters that make `exe.txt` out of `txt.exe`.
_ODD = re.compile(
    r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def usable(name: str) -> bool:
    """Whether a file of this name can be asked for at all."""
    return name not in ("", ".", "..") and not _ODD.search(name) and len(name.encode("utf-8")) <= LONGEST_NAME


def hidden(name: str) -> bool:
    """Whether a file of this name is neither listed nor opened."""
    return name.startswith(".")


def split(path: str) -> tuple[str, ...]:
    """The parts of an API path such as ``/a/b.txt``; () for the workspace itself. Raises `Refused`."""
    inner = path.strip("/")
    if not inner:
        return ()
    # Not split without an end: a path comes from a request.
    parts = inner.split("/", DEEPEST_PATH)
    if len(parts) > DEEPEST_PATH:
        raise Refused("too-deep")
    for part in parts:
        if not usable(part):
            raise Refused("name")
        if hidden(part):
            raise Refused("hidden", part)
    return tuple(parts)
