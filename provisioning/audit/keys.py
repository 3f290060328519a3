"""The key that signs the trail's heads: Ed25519 (RFC 8032), in the keys folder, apart from the registry.

Who may write the registry and not read the keys folder cannot make a head that verifies.
"""

from __future__ import annotations

import hashlib
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

from provisioning import key_files
from provisioning.refusal import Refusal
from provisioning.settings import keys_root

PRIVATE, PUBLIC = "audit-trail.key", "audit-trail.pub"


def signing_key(folder: Path | None = None) -> Ed25519PrivateKey:
    """The site's key, made on first use with mode 0600, its public half beside it. Raises `Refusal`."""
    folder = folder or keys_root()
    path = folder / PRIVATE
    try:
        key = load_pem_private_key(key_files.read_or_make(path, _new), None)
    except (ValueError, TypeError) as error:
        raise key_files.damaged(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise key_files.damaged(path)
    public = folder / PUBLIC
    if not public.exists():
        written = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        try:
            key_files.write_new(public, written, 0o644)
        except OSError as error:
            raise _unusable(public, error) from error
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


def _new() -> bytes:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _unusable(path: Path, error: Exception) -> Refusal:
    return Refusal(
        "The key {file} cannot be used: {reason}. Give this account the right to, or set CARREL_KEYS.",
        file=path,
        reason=getattr(error, "strerror", None) or error,
    )
