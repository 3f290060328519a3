from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target
from tests.redteam.wire import everything

SHOW = """
text = secret.hex()
print("x", f"\\x1b]0;{text}\\x07\\x1bP{text}\\x1b\\\\\\x1b_{text}\\x1b\\\\\\x1b]8;;http://x/{text}\\x07y")
print("".join(letter + "\\b" for letter in text) + "x")
"""


@channel(
    "text-escapes",
    "Text that no terminal shows: operating system commands, strings, what is struck out",
    closed_by="wire filter: of escapes only colours stay, and backspaces are applied",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    got = everything(site.run(SHOW))
    return got + got.replace(b"\\b", b"")
