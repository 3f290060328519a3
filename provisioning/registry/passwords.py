"""Passwords: Argon2id hashes (RFC 9106), random ones to begin with, and signing in."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.models import Account, AccountStatus

SHORTEST = 12
LONGEST = 1024
"""Characters. Past it, hashing would be work that anybody could ask for."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that reads as something else
_hasher = PasswordHasher()
# 79 random bits are beyond guessing whatever a guess costs; the cost is there for what people think up.
_hasher_of_random = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The Argon2id hash to keep. Raises `Refusal` where the password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Refusal(
            "A password needs {shortest} to {longest} characters.", shortest=SHORTEST, longest=LONGEST
        )
    return _hasher.hash(password)


def hash_random_password(password: str) -> str:
    """As `hash_password`, of a `random_password` alone: at a hundredth of the cost, so for thousands."""
    return _hasher_of_random.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether ``password`` is the one hashed. Without a hash it does the same work and says no."""
    nobody = _hash_of_nobody()
    if len(password) > LONGEST:
        return False
    if password_hash is None or _is_cheap(password_hash):
        # The time taken tells neither who has an account nor who has not changed a first password yet.
        _matches(nobody, password)
    return password_hash is not None and _matches(password_hash, password)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _is_cheap(password_hash: str) -> bool:
    try:
        return extract_parameters(password_hash).memory_cost < _hasher.memory_cost
    except InvalidHashError:
        return False


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
