"""Who acts: the part of Carrel that a record comes from, and the person."""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

SOURCES = frozenset({"desk", "hub", "portal", "gate", "command"})
LONGEST_USER = 64
_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Actor:
    """``user`` is an account, an operating system's user for the command, or empty for Carrel itself."""

    source: str
    user: str
    command: str = ""


_ACTING: ContextVar[Actor | None] = ContextVar("acting", default=None)
_process = ["command"]


def this_process_is(source: str) -> None:
    """Say once, at its start, which part this process is; default: the command."""
    if source not in SOURCES:
        raise ValueError(source)
    _process[0] = source


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """What is recorded inside is this actor's."""
    before = _ACTING.set(actor)
    try:
        yield
    finally:
        _ACTING.reset(before)


def now_acting() -> Actor:
    """Who acts: `acting`'s, else the process: the command's person, or a service itself."""
    set_before = _ACTING.get()
    if set_before is not None:
        return set_before
    return Actor(_process[0], person() if _process[0] == "command" else "")


def person() -> str:
    """Who gave the command: ``CARREL_ACTOR`` (where several share an account), else the system's user."""
    try:
        name = os.environ.get("CARREL_ACTOR") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid:{os.getuid()}"
    return plain(name)


def plain(name: str) -> str:
    """``name`` as a record's user: printable and bounded, whatever somebody typed at the sign-in."""
    return printable(name)[:LONGEST_USER]


def printable(text: str) -> str:
    """``text`` without what controls a terminal or turns a line around."""
    return _ODD.sub("\N{REPLACEMENT CHARACTER}", text)
