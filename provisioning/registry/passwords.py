"""Passwords: Argon2id hashes (RFC 9106), random ones to begin with, and signing in."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.models import Account, AccountStatus

SHORTEST = 12
LONGEST = 1024
"""Characters. Past it, hashing would be work that anybody could ask for."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads as something else
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The Argon2id hash to keep. Raises `Refusal` where the password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refusal(
            "A password needs {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST
        )
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether ``password`` is the one hashed. Without a hash it does the same work and says no."""
    nobody = _hash_of_nobody()
    if len(password) > LONGEST:
        return False
    try:
        right = _hasher.verify(password_hash or nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def sign_in(session: Session, name: str, password: str) -> Account | None:
    """The active account that ``name`` and ``password`` open, else None: not why."""
    account = session.get(Account, name)
    right = verify_password(account.password_hash if account else None, password)
    if account is None or not right or account.status is not AccountStatus.ACTIVE:
        return None
    return account


def random_password() -> str:
    """Four groups of four letters and digits, 79 bits, easy to read out."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_hex(16))
