from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-text-link",
    "An address in plain text, of which JupyterLab makes a link",
    closed_by="wire filter: addresses in text are made inert",
)
def cell(address: str) -> str:
    return f"print('see {address} for more')\n'{address}?result'"
