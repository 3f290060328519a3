from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.channels.kernelspec_files import WRITE
from tests.redteam.targets import Target


@channel(
    "kernelspec-metadata",
    "The list of kernels with a kernelspec in it that a kernel made",
    closed_by="kernelspecs come from the desk's image alone",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.run(WRITE)
    return site.get("api/kernelspecs").body + site.get("api/kernelspecs/carried").body
