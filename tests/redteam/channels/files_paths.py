from __future__ import annotations

from tests.redteam.channel import channel
from tests.redteam.targets import Target

SPELLINGS = (
    "/files/paths.bin",
    "files//paths.bin",
    "files/./paths.bin",
    "files/a/../paths.bin",
    "files/%2e/paths.bin",
    "files/a/%2e%2e/paths.bin",
    "files/a%2f..%2fpaths.bin",
    "%66iles/paths.bin",
    "f%69les/paths%2ebin",
    "files%2fpaths.bin",
    "FILES/paths.bin",
    "files/paths.bin/",
    "files/paths.bin;x=1",
    "files/paths.bin?/api/contents",
    "files/%70%61%74%68%73%2e%62%69%6e",
    "static/../files/paths.bin",
    "static/%2e%2e/files/paths.bin",
    "api/contents/../../files/paths.bin",
    "lab/../files/paths.bin",
    "view/paths.bin",
)


@channel(
    "files-paths",
    "A raw file by an odd spelling of its address: encodings, dots, slashes, case, parameters",
    closed_by="the policy is asked about the rule that tornado matched, not about the path",
)
def attack(site: Target, secret: bytes) -> bytes | None:
    site.keep("paths.bin")
    return b"\n".join(site.get(path if path[0] != "/" else site.path + path).body for path in SPELLINGS)
