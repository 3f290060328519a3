from __future__ import annotations

from itertools import combinations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_config.roles import groups_of
from provisioning.refusal import Refusal
from provisioning.registry.access import AccessDenied, desk_access, projects_of
from provisioning.registry.membership import add_member
from provisioning.registry.models import DUTIES, Account, AccountRole, AuditRecord, Membership, Role
from provisioning.registry.roles import SETTING, check, refuse_member_apart, set_roles, works_on_data

EVERY = [frozenset(held) for size in range(1, 6) for held in combinations(Role, size)]


def account(session: Session, name: str = "li-wei") -> Account:
    found = session.get(Account, name)
    assert found is not None
    return found


@pytest.mark.parametrize("held", EVERY, ids=lambda held: "+".join(sorted(held)))
def test_two_duties_on_one_person_are_refused_and_all_else_is_not(held: frozenset[Role]) -> None:
    if len(held & DUTIES) > 1:
        with pytest.raises(Refusal, match="held by different people"):
            check("li-wei", held)
    else:
        check("li-wei", held)


@pytest.mark.parametrize("held", EVERY, ids=lambda held: "+".join(sorted(held)))
def test_python_sql_and_the_hub_say_alike_who_works_on_data(
    site: Session, held: frozenset[Role], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "yes")
    set_roles(site, account(site), held)
    site.flush()
    works = bool(held & {Role.ANALYST, Role.ENGINEER}) and not held & {Role.ADMIN, Role.AUDITOR}
    assert works_on_data(held) is works
    assert bool(projects_of(site, "li-wei")) is works
    assert bool({"analyst", "engineer"} & set(groups_of(held))) is works
    if not works:
        with pytest.raises(AccessDenied):
            desk_access(site, "li-wei", "heart")


def test_one_duty_changes_for_another_in_one_go(site: Session) -> None:
    assert set_roles(site, account(site, "zhao-lei"), {Role.AUDITOR})
    site.commit()
    site.expire_all()
    assert set(account(site, "zhao-lei").roles) == {Role.AUDITOR}
    assert not set_roles(site, account(site, "zhao-lei"), {Role.AUDITOR})


def test_nobody_is_left_without_a_role(site: Session) -> None:
    with pytest.raises(Refusal, match="needs a role"):
        set_roles(site, account(site), set())


def test_a_site_may_combine_duties_and_that_is_recorded(
    site: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTING, "yes")
    set_roles(site, account(site, "zhao-lei"), {Role.ADMIN, Role.REVIEWER})
    site.commit()
    event = site.scalars(select(AuditRecord)).one()
    assert (event.source, event.user, event.kind) == ("command", "zhao-lei", "duties-combined")
    assert event.detail == {"what": "admin+reviewer"}
    rows = site.scalars(select(AccountRole).where(AccountRole.account == "zhao-lei"))
    assert sorted((row.role, row.combined) for row in rows) == [("admin", False), ("reviewer", True)]
    # Back to one duty: what is left is no combination any more.
    monkeypatch.delenv(SETTING)
    set_roles(site, account(site, "zhao-lei"), {Role.REVIEWER})
    site.commit()
    row = site.scalars(select(AccountRole).where(AccountRole.account == "zhao-lei")).one()
    assert (row.role, row.combined) == (Role.REVIEWER, False)


def test_a_reviewer_who_is_an_analyst_too_may_be_a_member(site: Session) -> None:
    site.add(Account(name="sun-yan", display_name="x", roles={Role.REVIEWER, Role.ANALYST}))
    site.flush()
    assert add_member(site, "heart", "sun-yan")
    assert desk_access(site, "sun-yan", "heart").project == "heart"


def test_a_member_is_not_made_an_auditor(site: Session) -> None:
    set_roles(site, account(site), {Role.ANALYST, Role.AUDITOR})
    with pytest.raises(Refusal, match="while a member of heart"):
        refuse_member_apart(site, account(site))
    site.delete(site.get(Membership, ("heart", "li-wei")))
    site.flush()
    refuse_member_apart(site, account(site))
