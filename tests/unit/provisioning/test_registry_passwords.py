from __future__ import annotations

import time

import pytest
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.models import Account, AccountStatus
from provisioning.registry.passwords import (
    LONGEST,
    hash_password,
    hash_random_password,
    random_password,
    sign_in,
    verify_password,
)


def test_a_password_opens_its_own_hash_only() -> None:
    hashed = hash_password("correct horse")
    assert hashed.startswith("$argon2id$")
    assert verify_password(hashed, "correct horse")
    assert not verify_password(hashed, "correct horsf")
    assert not verify_password(None, "correct horse")
    assert not verify_password("no hash", "correct horse")


def test_an_account_without_a_password_cannot_sign_in(site: Session) -> None:
    assert sign_in(site, "li-wei", "") is None


def test_signing_in(site: Session) -> None:
    account = site.get(Account, "li-wei")
    assert account is not None
    account.password_hash = hash_password("correct horse")
    assert sign_in(site, "li-wei", "correct horse") is account
    assert sign_in(site, "li-wei", "wrong horse!") is None
    assert sign_in(site, "nobody", "correct horse") is None
    account.status = AccountStatus.SUSPENDED
    assert sign_in(site, "li-wei", "correct horse") is None


def test_an_unknown_account_takes_as_long_as_a_wrong_password(site: Session) -> None:
    account = site.get(Account, "li-wei")
    assert account is not None
    account.password_hash = hash_password("correct horse")

    def took(name: str) -> float:
        started = time.process_time()
        sign_in(site, name, "wrong horse!")
        return time.process_time() - started

    took("li-wei")  # the hash of nobody is made once
    known = min(took("li-wei") for _ in range(3))
    unknown = min(took("nobody") for _ in range(3))
    assert 0.5 < unknown / known < 2


@pytest.mark.parametrize("password", ["", "short", "x" * (LONGEST + 1)])
def test_too_short_and_too_long_are_refused(password: str) -> None:
    with pytest.raises(Refusal, match="12 to 1024"):
        hash_password(password)


def test_an_endless_password_is_not_hashed() -> None:
    assert not verify_password(hash_password("correct horse"), "x" * 10_000_000)


def test_random_passwords_differ_and_are_long_enough() -> None:
    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(password) == 19 for password in made)


def test_a_random_passwords_cheap_hash_opens_nothing_else_and_takes_as_long_to_check():
    password = random_password()
    hashed = hash_random_password(password)
    assert hashed.startswith("$argon2id$")
    assert verify_password(hashed, password)
    assert not verify_password(hashed, random_password())

    def seconds(password_hash: str | None) -> float:
        taken = []
        for _ in range(5):
            begun = time.perf_counter()
            verify_password(password_hash, "h77k-6z4n-8phz-gy6a")
            taken.append(time.perf_counter() - begun)
        return sorted(taken)[2]

    # Nobody's, a first password's and a chosen one's: who asks learns nothing from the time.
    dear = seconds(hash_password("correct horse"))
    for other in (None, hashed):
        assert 0.5 < seconds(other) / dear < 2
