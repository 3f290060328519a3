"""The key that seals one-time-code secrets, in the keys folder: neither in the registry nor beside the data.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. The account's name is authenticated with it, so
that nobody who can write the registry gives one account another's secret.
"""

from __future__ import annotations

import secrets
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from provisioning import key_files
from provisioning.key_files import KeyUnavailable
from provisioning.settings import keys_root

FILE = "totp.key"
KEY_BYTES = 32
NONCE_BYTES = 12


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
    key = key_files.read_or_make(path, partial(secrets.token_bytes, KEY_BYTES))
    if len(key) != KEY_BYTES:
        raise key_files.damaged(path)
    return key
