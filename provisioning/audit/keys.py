"""The key that signs the trail's heads: Ed25519 (RFC 8032), in the keys folder, apart from the registry.

Who may write the registry and not read the keys folder cannot make a head that verifies.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from provisioning.refusal import Refusal
from provisioning.settings import keys_root

PRIVATE, PUBLIC = "audit-trail.key", "audit-trail.pub"


def signing_key(folder: Path | None = None) -> Ed25519PrivateKey:
    """The site's key, made on first use with mode 0600, its public half beside it. Raises `Refusal`."""
    folder = folder or keys_root()
    path = folder / PRIVATE
    try:
        if not path.exists():
            _make(folder)
        if path.stat().st_mode & 0o077:
            raise Refusal("Others can read the key {file}. Take their rights: chmod 600.", file=path)
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(path, error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, ValueError("it is not an Ed25519 key"))
    public = folder / PUBLIC
    if not public.exists():
        _write(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in the PEM file ``path``. Raises `Refusal`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _unusable(path, error) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, ValueError("it is not an Ed25519 key"))
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """The SHA-256 of the raw public key (32 bytes), in hexadecimal."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def signed_by(key: Ed25519PublicKey, signature: str, said: bytes) -> bool:
    """Whether ``key`` made ``signature`` (hexadecimal) of ``said``."""
    try:
        key.verify(bytes.fromhex(signature), said)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Ed25519PrivateKey.generate()
    content = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _write(folder / PRIVATE, content, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all; a file that another process made meanwhile stays."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.link(half, path)
    except FileExistsError:
        return
    finally:
        half.unlink()


def _unusable(path: Path, error: Exception) -> Refusal:
    return Refusal(
        "The key {file} cannot be used: {reason}. Give this account the right to, or set CARREL_KEYS.",
        file=path,
        reason=getattr(error, "strerror", None) or error,
    )
