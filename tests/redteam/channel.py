"""The contract of the red team: what a channel is, and what an attack may use.

A channel is one way for bytes to cross the wall of a workspace. Its file in ``channels/`` holds a
working attack, and nothing in that file knows which side it is run against: stock JupyterHub, or Carrel.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tests.redteam.targets import Target

Direction = Literal["out", "in", "reach", "stop"]
"""Where the bytes go: ``out`` of the workspace, ``in`` to it; ``reach`` something that is not the
attacker's (a credential, another person's file), and come back with it; or ``stop`` the server. An attack
that reaches or stops has no bytes of its own to bring, and returns the secret as the sign that it worked.
"""

Attack = Callable[["Target", bytes], bytes | None]
Plant = Callable[["Target", bytes], object]

FOLDER = Path(__file__).with_name("channels")


@dataclass(frozen=True)
class Channel:
    """One channel and the attack on it.

    Attributes
    ----------
    id
        Its name in the table; the file's name with hyphens.
    title
        What it tries, in a line.
    closed_by
        What closes it at Carrel.
    attack
        ``attack(site, secret)`` returns what arrived at the attacker's side (inside, for ``in``). Before
        it runs a kernel of the target holds ``secret`` in a variable of that name, but for ``in``.
    stock
        Empty when a stock site leaks; otherwise why it doesn't, and then it must not.
    size
        Bytes of the secret.
    plant
        Leaves something in the workspace that works from the server's next start on. All channels'
        are planted before that start, which is the target's only one.
    cell
        For a beacon: makes the source of its cell in the gallery; see `gallery`.
    stage
        When it runs: 0 first; 1 after the restart that plants wait for; 2 what breaks the target for a
        while; 3 what spends the display budget.
    """

    id: str
    title: str
    closed_by: str
    attack: Attack
    direction: Direction = "out"
    stock: str = ""
    size: int = 32
    plant: Plant | None = None
    cell: Callable[[str], str] | None = None
    markdown: bool = False
    stage: int = 0


CHANNELS: dict[str, Channel] = {}


def channel(
    id: str,
    title: str,
    *,
    closed_by: str,
    direction: Direction = "out",
    stock: str = "",
    size: int = 32,
    plant: Plant | None = None,
    stage: int = 0,
) -> Callable[[Attack], Attack]:
    """Register the decorated function as the attack on a channel. Parameters as of `Channel`."""

    def register(attack: Attack) -> Attack:
        _add(Channel(id, title, closed_by, attack, direction, stock, size, plant, stage=stage or bool(plant)))
        return attack

    return register


def beacon(
    id: str, title: str, *, closed_by: str, stock: str = "", markdown: bool = False
) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """Register a cell that makes a victim's browser ask for an address outside.

    The decorated function takes that address, which ends with the secret, and returns the source of a
    code cell (or of a Markdown cell). The cells of all beacons are run in one page.
    """

    def register(cell: Callable[[str], str]) -> Callable[[str], str]:
        def attack(site: Target, secret: bytes) -> bytes | None:
            return site.gallery.brought(id)

        _add(Channel(id, title, closed_by, attack, "out", stock, cell=cell, markdown=markdown))
        return cell

    return register


def _add(new: Channel) -> None:
    if new.id in CHANNELS:
        raise ValueError(f"there are two channels {new.id}")
    CHANNELS[new.id] = new


def load() -> list[Channel]:
    """All channels, in the order in which they run."""
    for module in sorted(pkgutil.iter_modules([str(FOLDER)]), key=lambda found: found.name):
        importlib.import_module(f"tests.redteam.channels.{module.name}")
    return sorted(CHANNELS.values(), key=lambda each: (each.stage, each.id))
