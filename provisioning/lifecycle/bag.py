"""A BagIt bag (RFC 8493), version 1.0 with SHA-256: writing one, and checking one.

A payload file's name is kept unless its bytes are no UTF-8, which a manifest cannot spell: then its bad
bytes, and ``%``, are percent-encoded in the name itself, and `Writer.renamed` says so. In manifests CR, LF
and ``%`` are percent-encoded (2.1.3).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from provisioning.lifecycle import tree

MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
DECLARATION = "bagit.txt"
INFO = "bag-info.txt"
_DECLARED = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

NAME_TAKEN = "name-taken"
NAME_TOO_LONG = "name-too-long"


class BagDamaged(Exception):
    """A folder that is no whole and unchanged bag; the text says where."""


def encoded(path: str) -> str:
    """A path as a manifest spells it (RFC 8493, 2.1.3)."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def decoded(path: str) -> str:
    """The other way; only these three are ever encoded."""
    return re.sub(r"%(0[aAdD]|25)", lambda found: chr(int(found[1], 16)), path)


def payload_name(name: str) -> str:
    """A name that UTF-8 can spell: ``name`` itself, or its bad bytes and ``%`` percent-encoded."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(
            f"%{ord(letter) - 0xDC00:02X}" if 0xDC80 <= ord(letter) <= 0xDCFF else letter.replace("%", "%25")
            for letter in name
        )
    return name


@dataclass
class Writer:
    """A bag on its way, in an empty folder of ours."""

    root: Path
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 by payload path (``data/…``)."""
    size: int = 0
    """Bytes of the payload."""
    renamed: list[dict[str, str]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)

    def add(self, parts: tuple[str, ...], content: Iterable[bytes]) -> None:
        """Add one payload file, ``parts`` below ``data/``; a name that cannot be is left out."""
        named = tuple(payload_name(part) for part in parts)
        path = self.root.joinpath("data", *named)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
            )
        except (FileExistsError, NotADirectoryError):
            self.leave_out(parts, NAME_TAKEN)
            return
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            self.leave_out(parts, NAME_TOO_LONG)
            return
        digest = hashlib.sha256()
        with os.fdopen(descriptor, "wb") as file:
            for chunk in content:
                file.write(chunk)
                digest.update(chunk)
                self.size += len(chunk)
            file.flush()
            os.fchmod(file.fileno(), 0o440)
            os.fsync(file.fileno())
        self.digests["/".join(("data", *named))] = digest.hexdigest()
        if named != parts:
            self.renamed.append({"path": "/".join(named), "bytes": os.fsencode("/".join(parts)).hex()})

    def leave_out(self, parts: tuple[str, ...], why: str) -> None:
        """Note what is not in the bag, and why; its path as `payload_name` spells it."""
        self.left_out.append({"path": "/".join(payload_name(part) for part in parts), "why": why})

    def finish(self, info: Mapping[str, str]) -> str:
        """Write the tag files and take every right to write away; returns the tag manifest's SHA-256."""
        (self.root / "data").mkdir(exist_ok=True)
        lines = "".join(f"{digest}  {encoded(path)}\n" for path, digest in sorted(self.digests.items()))
        facts = {**info, "Payload-Oxum": f"{self.size}.{len(self.digests)}"}
        tags = {
            DECLARATION: _DECLARED,
            INFO: "".join(f"{label}: {_one_line(value)}\n" for label, value in facts.items()).encode(),
            MANIFEST: lines.encode(),
        }
        for name, content in tags.items():
            tree.write_whole(self.root / name, content, 0o440)
        tagged = "".join(f"{hashlib.sha256(tags[name]).hexdigest()}  {name}\n" for name in sorted(tags))
        tree.write_whole(self.root / TAG_MANIFEST, tagged.encode(), 0o440)
        for folder, _, _ in os.walk(self.root, topdown=False):
            tree.sync(Path(folder))
            os.chmod(folder, 0o550)  # noqa: S103 (nobody writes)
        return hashlib.sha256(tagged.encode()).hexdigest()


def _one_line(value: str) -> str:
    return " ".join(value.split()) or "-"


def check(root: Path) -> tuple[str, dict[str, str]]:
    """The tag manifest's SHA-256 and bag-info's facts of a whole, unchanged bag. Raises `BagDamaged`."""
    tagged = _read(root, TAG_MANIFEST)
    for name, digest in _listed(tagged).items():
        if hashlib.sha256(_read(root, name)).hexdigest() != digest:
            raise BagDamaged(name)
    if not {DECLARATION, INFO, MANIFEST} <= _listed(tagged).keys():
        raise BagDamaged(TAG_MANIFEST)
    expected = _listed(_read(root, MANIFEST))
    try:
        with tree.opened(root, "data") as data:
            for found in tree.walk(data) if data is not None else ():
                path = "/".join(("data", *found.parts))
                if found.descriptor < 0:
                    raise BagDamaged(payload_name(path))
                content = hashlib.sha256()
                for chunk in tree.chunks(found.descriptor):
                    content.update(chunk)
                if expected.pop(path, None) != content.hexdigest():
                    raise BagDamaged(payload_name(path))
    except OSError as error:
        raise BagDamaged(str(error)) from error
    if expected:
        raise BagDamaged(min(expected))
    info = (line.partition(": ") for line in _read(root, INFO).decode().splitlines())
    return hashlib.sha256(tagged).hexdigest(), {label: value for label, _, value in info}


def _read(root: Path, name: str) -> bytes:
    try:
        return (root / name).read_bytes()
    except OSError as error:
        raise BagDamaged(name) from error


def _listed(manifest: bytes) -> dict[str, str]:
    lines = (line.split("  ", 1) for line in manifest.decode().split("\n") if line)
    return {decoded(parts[1]): parts[0] for parts in lines if len(parts) == 2}
