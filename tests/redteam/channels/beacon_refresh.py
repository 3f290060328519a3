from __future__ import annotations

from tests.redteam.channel import beacon


@beacon(
    "beacon-refresh",
    "A frame that a meta element sends elsewhere",
    closed_by="wire filter: HTML is sanitised; policy of content: nothing from outside",
)
def cell(address: str) -> str:
    inner = f"<meta http-equiv=refresh content='0;url={address}'>"
    return f'from IPython.display import HTML\nHTML("<iframe srcdoc=\\"{inner}\\"></iframe>")'
