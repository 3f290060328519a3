from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

FILL = """
import os
app = get_ipython().kernel.parent
folder = os.path.dirname(app.ip if app.transport == "ipc" else app.abs_connection_file)
filler = os.path.join(folder, "filler")
try:
    with open(filler, "wb", 0) as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    for number in range(2000):
        open(f"{filler}{number}", "w").close()
    print("all of it")
except OSError as problem:
    print(problem)
"""
CLEAR = """
import glob
for path in glob.glob(filler + "*"):
    os.remove(path)
"""


@channel(
    "sockets-disk",
    "The disk where kernels' sockets and connections are, filled with files",
    direction="stop",
    closed_by="the sockets' volume is a tmpfs of a megabyte, and nothing else of the desk's is on it",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    filled = "all of it" in site.said(FILL)
    alive = site.answers()
    site.run(CLEAR)
    return secret if filled or not alive else None
