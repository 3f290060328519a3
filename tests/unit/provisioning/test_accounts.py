"""Password policy, one-time codes, sealed secrets and lock-out."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.accounts import keys, totp
from provisioning.accounts.lockout import LockOut, network_of
from provisioning.accounts.password_policy import check_password
from provisioning.host import one_time_code
from provisioning.refusal import Refusal
from provisioning.registry.columns import utc_now
from provisioning.registry.passwords import random_password


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rdP@ssw0rd",
        "aaaaaaaaaaaa",
        "123456789012",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "correct horse battery staple",
        "li-wei-2024-carrel",
        "Summer2024Summer2024",
        "short",
        "x" * 1025,
    ],
)
def test_what_a_guesser_tries_first_is_refused(password: str) -> None:
    with pytest.raises(Refusal):
        check_password(password, ["li-wei", "carrel"])


@pytest.mark.parametrize(
    "password", ["galvanic otter stencil rhubarb", "大漠孤烟直长河落日圆啊啊", "hvxtqkzqwpmn"]
)
def test_length_is_enough_without_rules_on_characters(password: str) -> None:
    check_password(password, ["li-wei"])


def test_every_random_password_passes() -> None:
    for _ in range(500):
        check_password(random_password(), ["li-wei", "carrel"])


@given(st.integers(0, 2**33))
def test_the_demos_codes_are_the_apps(step: int) -> None:
    secret = totp.new_secret()
    assert one_time_code.code_at(secret, step) == pyotp.TOTP(secret).generate_otp(step)


def test_the_codes_are_those_of_the_standard() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B, the last six of eight digits
    assert [one_time_code.code_at(secret, at // 30) for at in (59, 1111111109, 20000000000)] == [
        "287082",
        "081804",
        "353130",
    ]


def test_a_fresh_code_was_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(one_time_code.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(one_time_code.time, "time", lambda: 59.0)
    secret = totp.new_secret()
    assert [one_time_code.fresh_code(secret) for _ in range(2)] == [
        one_time_code.code_at(secret, 1),
        one_time_code.code_at(secret, 2),
    ]


@given(st.integers(-3, 3))
def test_a_code_is_good_one_step_around_its_own(off: int) -> None:
    secret, now = totp.new_secret(), utc_now()
    code = pyotp.TOTP(secret).generate_otp(totp.step_of(now) + off)
    found = totp.matching_step(secret, code, now)
    assert (found == totp.step_of(now) + off) if abs(off) <= 1 else True
    assert totp.matching_step(secret, code, now, after=totp.step_of(now) + 1) is None


@pytest.fixture
def key_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path))
    return tmp_path


def test_a_sealed_secret_opens_for_its_account_and_key_alone(key_folder: Path) -> None:
    sealed = keys.seal("li-wei", "SECRET")
    assert keys.unseal("li-wei", sealed) == "SECRET"
    assert stat.S_IMODE((key_folder / keys.FILE).stat().st_mode) == 0o600
    assert [file.name for file in key_folder.iterdir()] == [keys.FILE]
    with pytest.raises(keys.KeyUnavailable):
        keys.unseal("ma-chao", sealed)
    with pytest.raises(keys.KeyUnavailable):
        keys.unseal("li-wei", sealed[:-1] + bytes([sealed[-1] ^ 1]))
    (key_folder / keys.FILE).write_bytes(b"k" * 32)
    with pytest.raises(keys.KeyUnavailable):
        keys.unseal("li-wei", sealed)


def test_a_keys_folder_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "absent"))
    with pytest.raises(keys.KeyUnavailable, match="mount the keys folder"):
        keys.seal("li-wei", "SECRET")


def test_waits_grow_and_end() -> None:
    rules = LockOut()
    waits = [rules.wait(failed) for failed in range(60)]
    assert waits == sorted(waits)
    assert waits[2] == timedelta(0)
    assert waits[5] == timedelta(minutes=15)
    assert waits[-1] == timedelta(hours=1)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "unknown"),
    ],
)
def test_an_ipv6_network_is_one_address(address: str, counted: str) -> None:
    assert network_of(address) == counted
