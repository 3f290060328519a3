from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

FETCH = """
import urllib.request
for address in {addresses}:
    try:
        got = urllib.request.urlopen(f"http://{{address}}:{port}/served", timeout=1).read()
        open("fetched.bin", "wb").write(got)
        break
    except OSError as problem:
        print(problem)
"""


@channel(
    "network-in",
    "A file that a kernel fetches from outside",
    direction="in",
    closed_by="an engine has no network",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.outside.served = secret
    site.run(FETCH.format(addresses=site.outside.addresses, port=site.outside.port))
    return site.inside("fetched.bin")
