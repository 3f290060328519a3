"""The key that seals one-time-code secrets, in the keys folder: neither in the registry nor beside the data.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. The account's name is authenticated with it, so
that nobody who can write the registry gives one account another's secret.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisioning.refusal import Refusal
from provisioning.settings import keys_root

FILE = "totp.key"
KEY_BYTES = 32
NONCE_BYTES = 12


class KeyUnavailable(Refusal):
    """The key cannot be read or made, or does not open what was sealed."""


def seal(account: str, secret: str) -> bytes:
    """``secret`` for the registry: nonce and ciphertext. Raises `KeyUnavailable`."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key()).encrypt(nonce, secret.encode(), account.encode())


def unseal(account: str, sealed: bytes) -> str:
    """What `seal` was given. Raises `KeyUnavailable` where another key or account sealed it."""
    try:
        opened = AESGCM(_key()).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], account.encode())
    except (InvalidTag, ValueError) as error:
        raise KeyUnavailable(
            "The one-time-code secret of {account} was sealed with another key than {file}: "
            "restore that key, or run carrel user reset-totp {account}.",
            account=account,
            file=keys_root() / FILE,
        ) from error
    return opened.decode()


def _key() -> bytes:
    path = keys_root() / FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise KeyUnavailable(
            "The key {file} cannot be read or made ({reason}): mount the keys folder, or set CARREL_KEYS.",
            file=path,
            reason=error.strerror,
        ) from error
    if len(key) != KEY_BYTES:
        raise KeyUnavailable("The key {file} is damaged: restore it from a backup.", file=path)
    return key


def _make(path: Path) -> None:
    """A new key, whole or not at all; of two processes that make one, the first one's stands."""
    half = path.with_name(f".{FILE}.{secrets.token_hex(8)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)
        except FileExistsError:
            return
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        half.unlink()
