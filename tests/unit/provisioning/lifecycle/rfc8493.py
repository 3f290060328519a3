"""Reading a bag by the rules of RFC 8493, without the code that wrote it."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path


def payload(root: Path) -> dict[str, str]:
    """Check a bag by RFC 8493 section 3 (complete and valid); its payload's digests by decoded path."""
    assert (root / "bagit.txt").read_bytes() == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

    def manifest(name: str) -> dict[str, str]:
        lines = (root / name).read_bytes().decode("utf-8").split("\n")
        assert lines.pop() == ""
        found = {}
        for line in lines:
            matched = re.fullmatch(r"([0-9a-f]{64})[ \t]+(.*)", line)
            assert matched, line
            assert not re.search(r"%(?!0A|0D|25)", matched[2]), line
            path = matched[2].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
            assert path not in found
            found[path] = matched[1]
        return found

    tags = manifest("tagmanifest-sha256.txt")
    assert tags.keys() == {"bagit.txt", "bag-info.txt", "manifest-sha256.txt"}
    listed = manifest("manifest-sha256.txt")
    assert all(path.startswith("data/") for path in listed)
    there = {
        os.fsdecode(os.path.relpath(os.path.join(folder, file), os.fsencode(root)))
        for folder, _, files in os.walk(os.fsencode(root))
        for file in files
    }
    assert there == listed.keys() | tags.keys() | {"tagmanifest-sha256.txt"}
    size = 0
    for path, digest in (tags | listed).items():
        content = (root / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest, path
        size += len(content) if path in listed else 0
    assert f"Payload-Oxum: {size}.{len(listed)}\n" in (root / "bag-info.txt").read_text()
    return listed
