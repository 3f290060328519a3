"""Signing in against the registry, and staying signed in no longer than the registry allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hub_config.sign_in import RegistryAuthenticator
from provisioning.registry import database, roles
from provisioning.registry.models import Account, AccountStatus, Role


@pytest.fixture
def authenticator(registry) -> RegistryAuthenticator:
    return RegistryAuthenticator()


async def sign_in(authenticator, name: str, password: str) -> dict[str, Any] | None:
    """As JupyterHub's sign-in page does it, with all of JupyterHub's own checks."""
    return await authenticator.get_authenticated_user(None, {"username": name, "password": password})


def change(registry, name: str, **values: Any) -> None:
    with database.writing(registry) as session:
        account = session.get(Account, name)
        roles.set_roles(session, account, values.pop("roles", account.roles))
        for key, value in values.items():
            setattr(account, key, value)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("li-wei", "analyst"),
        ("chen-jing", "engineer"),
        ("zhao-lei", "admin"),
        ("sun-yan", "reviewer"),
        ("wu-fang", "auditor"),
    ],
)
async def test_a_role_is_the_one_group_of_a_user_and_nobody_is_the_hubs_admin(
    authenticator, password, name, role
):
    signed_in = await sign_in(authenticator, name, password)
    assert (signed_in["name"], signed_in["groups"], signed_in["admin"]) == (name, [role], False)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("li-wei", "wrong"),
        ("li-wei", ""),
        ("li-wei", None),
        ("nobody", None),
        ("", None),
        ("' OR 1=1 --", None),
        ("gone", None),
    ],
)
async def test_without_the_right_password_of_an_active_account_nobody_is_signed_in(
    authenticator, password, name, given
):
    if name == "li-wei":
        assert await sign_in(authenticator, name, given or "") is None
    else:
        assert await sign_in(authenticator, name, password) is None


async def test_an_account_without_a_password_signs_nobody_in(authenticator, registry, password):
    change(registry, "li-wei", password_hash=None)
    for given in (password, "", "None"):
        assert await sign_in(authenticator, "li-wei", given) is None


async def test_a_form_without_its_fields_signs_nobody_in(authenticator):
    assert await authenticator.authenticate(None, {}) is None


async def test_a_session_lasts_while_the_account_stands(authenticator):
    refreshed = await authenticator.refresh_user(SimpleNamespace(name="li-wei"))
    assert refreshed == {"name": "li-wei", "groups": ["analyst"], "admin": False}


async def test_a_suspended_account_is_signed_out(authenticator, registry):
    change(registry, "li-wei", status=AccountStatus.SUSPENDED)
    assert await authenticator.refresh_user(SimpleNamespace(name="li-wei")) is False
    change(registry, "li-wei", status=AccountStatus.ACTIVE)
    assert await authenticator.refresh_user(SimpleNamespace(name="li-wei"))


async def test_an_account_that_the_registry_does_not_have_is_signed_out(authenticator):
    assert await authenticator.refresh_user(SimpleNamespace(name="from-an-older-registry")) is False


async def test_a_role_that_changes_takes_effect_in_a_running_session(authenticator, registry):
    change(registry, "chen-jing", roles={Role.AUDITOR})
    refreshed = await authenticator.refresh_user(SimpleNamespace(name="chen-jing"))
    assert refreshed["groups"] == ["auditor"]


def test_the_registry_is_asked_again_within_a_minute(authenticator):
    assert 0 < authenticator.auth_refresh_age <= 60
    assert authenticator.manage_groups
