"""The keys of a site in one sealed file: AES-256-GCM under a passphrase by scrypt (RFC 7914).

It lies apart from the archive, and holds the archive's digest: whoever changes the archive cannot make
the file that goes with it.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from provisioning.backup import tree
from provisioning.backup.archive import check_name
from provisioning.backup.places import STAGING
from provisioning.refusal import Refusal

FORMAT = "carrel-keys-1"
SHORTEST = 12
"""Characters of a passphrase."""
LARGEST_KEYS = 8 * 1024 * 1024
"""Bytes of all keys together."""
LARGEST_FILE = 16 * 1024 * 1024

COST = 2**17
BLOCK = 8
"""With them one guess takes 128 MiB and some tenths of a second."""


@dataclass(frozen=True)
class Key:
    """One file of the keys folder."""

    path: str
    mode: int
    uid: int
    gid: int
    content: bytes


@dataclass(frozen=True)
class Bundle:
    """What the sealed file holds; ``backup`` and ``digest`` are the archive's."""

    backup: str
    digest: str
    keys: tuple[Key, ...]


def passphrase(text: str) -> str:
    """``text`` without its line's end. Raises `Refusal` when it is too short to protect anything."""
    plain = text.rstrip("\r\n")
    if len(plain) < SHORTEST:
        raise Refusal(
            "The passphrase has fewer than {least} characters. Choose a longer one.", least=SHORTEST
        )
    return plain


def collect(folder: Path) -> tuple[Key, ...]:
    """Every key below ``folder``; none where it does not exist. Raises `Refusal` for what is no file."""
    if not folder.exists():
        return ()
    found, size = [], 0
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for each in tree.walk(opened, lambda path: path.split("/")[0] != STAGING):
            if each.skipped:
                raise Refusal(
                    "{file} is no plain file, so the keys cannot be backed up. Remove it.",
                    file=folder / each.path,
                )
            if each.descriptor is None or each.status is None:
                continue
            with open(os.dup(each.descriptor), "rb") as file:
                content = file.read(LARGEST_KEYS + 1)
            size += len(content)
            if size > LARGEST_KEYS:
                raise Refusal("The keys folder {folder} holds more than keys. Tidy it up.", folder=folder)
            status = each.status
            found.append(Key(each.path, status.st_mode & 0o777, status.st_uid, status.st_gid, content))
    finally:
        os.close(opened)
    return tuple(found)


def seal(bundle: Bundle, secret: str) -> bytes:
    """The sealed file."""
    salt, nonce = os.urandom(16), os.urandom(12)
    head = {
        "format": FORMAT,
        "backup": bundle.backup,
        "cipher": "AES-256-GCM",
        "kdf": {"name": "scrypt", "n": COST, "r": BLOCK, "p": 1, "salt": _text(salt)},
        "nonce": _text(nonce),
    }
    inside = {
        "backup": bundle.backup,
        "digest": bundle.digest,
        "keys": [
            {
                "path": key.path,
                "mode": key.mode,
                "uid": key.uid,
                "gid": key.gid,
                "content": _text(key.content),
            }
            for key in bundle.keys
        ],
    }
    sealed = AESGCM(_derive(secret, salt, COST, BLOCK)).encrypt(nonce, _plain(inside), _plain(head))
    return _plain({**head, "sealed": _text(sealed)}) + b"\n"


def head_of(path: Path) -> dict[str, Any]:
    """What the sealed file says of itself to anybody; nothing of it is proven. Raises `Refusal`."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        document = json.loads(content)
        if len(content) > LARGEST_FILE or document["format"] != FORMAT:
            raise ValueError(path)
    except FileNotFoundError:
        raise Refusal("There is no file of keys {file}.", file=path) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _strange(path) from error
    return document


def unseal(path: Path, secret: str) -> Bundle:
    """What the sealed file holds. Raises `Refusal`: no such file, another passphrase, a changed byte."""
    document = head_of(path)
    try:
        sealed = base64.b64decode(document.pop("sealed"), validate=True)
        kdf = document["kdf"]
        cost, block = int(kdf["n"]), int(kdf["r"])
        # A file of somebody else's must not make this process ask for all memory there is.
        if kdf["name"] != "scrypt" or kdf["p"] != 1 or not 2**14 <= cost <= 2**20 or not 1 <= block <= 16:
            raise ValueError(path)
        key = _derive(secret, base64.b64decode(kdf["salt"]), cost, block)
        plain = AESGCM(key).decrypt(base64.b64decode(document["nonce"]), sealed, _plain(document))
        inside = json.loads(plain)
        keys = []
        for each in inside["keys"]:
            check_name(f"data/{each['path']}")
            content = base64.b64decode(each["content"])
            keys.append(
                Key(each["path"], int(each["mode"]) & 0o777, int(each["uid"]), int(each["gid"]), content)
            )
        return Bundle(str(inside["backup"]), str(inside["digest"]), tuple(keys))
    except InvalidTag as error:
        raise Refusal(
            "{file} does not open: the passphrase is another one, or the file was changed.", file=path
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _strange(path) from error


def _strange(path: Path) -> Refusal:
    return Refusal("{file} is no sealed file of keys that this version reads.", file=path)


def _derive(secret: str, salt: bytes, cost: int, block: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=block, p=1).derive(
        secret.encode("utf-8", "surrogateescape")
    )


def _plain(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
