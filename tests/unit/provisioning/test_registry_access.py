from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.access import AccessDenied, Title, desk_access, granted_extracts, projects_of
from provisioning.registry.grants import add_grant, revoke_grants
from provisioning.registry.membership import add_member, remove_member
from provisioning.registry.models import (
    Account,
    AccountStatus,
    Extract,
    ExtractStatus,
    Grant,
    Membership,
    Project,
    ProjectStatus,
    Role,
)


def refused(session: Session, account: str, project: str, now: datetime | None = None) -> AccessDenied:
    with pytest.raises(AccessDenied) as caught:
        desk_access(session, account, project, now)
    return caught.value


def project(session: Session, name: str = "heart") -> Project:
    found = session.get(Project, name)
    assert found is not None
    return found


def the_grant(session: Session) -> Grant:
    return session.scalars(select(Grant)).one()


def test_a_member_gets_quotas_and_the_granted_extract(site: Session) -> None:
    access = desk_access(site, "li-wei", "heart")
    assert (access.account, access.project) == ("li-wei", "heart")
    assert (access.quotas.memory_bytes, access.quotas.gpus) == (2 * 1024**3, 0)
    (extract,) = access.extracts
    assert (extract.name, extract.version, extract.folder) == ("bloods", 1, "bloods/v1")
    assert extract.title == Title("Bloods", "血液")
    assert extract.title.text("zh_CN") == "血液"


def test_another_projects_extract_is_not_there(site: Session) -> None:
    assert desk_access(site, "ma-chao", "lung").extracts == ()


def test_an_unknown_account_is_refused(site: Session) -> None:
    assert refused(site, "nobody", "heart").code == "unknown_account"


def test_a_suspended_account_is_refused_and_has_no_projects(site: Session) -> None:
    account = site.get(Account, "li-wei")
    assert account is not None
    account.status = AccountStatus.SUSPENDED
    assert refused(site, "li-wei", "heart").code == "account_suspended"
    assert projects_of(site, "li-wei") == ()


def test_a_foreign_project_and_one_that_does_not_exist_get_one_answer(site: Session) -> None:
    foreign, absent = refused(site, "li-wei", "lung"), refused(site, "li-wei", "absent")
    assert foreign.code == absent.code == "not_a_member"
    assert str(foreign).replace("lung", "absent") == str(absent)


def test_a_former_member_is_refused(site: Session) -> None:
    assert remove_member(site, "heart", "li-wei")
    assert refused(site, "li-wei", "heart").code == "not_a_member"


@pytest.mark.parametrize("status", [ProjectStatus.DRAFT, ProjectStatus.SUSPENDED, ProjectStatus.CLOSED])
def test_only_an_active_project_is_open(site: Session, status: ProjectStatus) -> None:
    project(site).status = status
    denied = refused(site, "li-wei", "heart")
    assert denied.code == "project_not_active"
    assert "heart" in str(denied)


def test_a_project_is_open_through_its_last_day(site: Session) -> None:
    project(site).expires = date(2026, 5, 31)
    # Local noon and the two sides of local midnight: dates are the site's own.
    last = datetime(2026, 5, 31, 23, 59, 59).astimezone()
    first_after = datetime(2026, 6, 1, 0, 0, 0).astimezone()
    assert desk_access(site, "li-wei", "heart", last).project == "heart"
    denied = refused(site, "li-wei", "heart", first_after)
    assert denied.code == "project_expired"
    assert "2026-05-31" in str(denied)


def test_a_grant_is_mounted_through_its_last_day(site: Session) -> None:
    the_grant(site).expires = date(2026, 5, 31)
    last = datetime(2026, 5, 31, 23, 59, 59).astimezone()
    first_after = datetime(2026, 6, 1, 0, 0, 0).astimezone()
    assert len(granted_extracts(site, "heart", last)) == 1
    assert granted_extracts(site, "heart", first_after) == ()


def test_a_moment_elsewhere_counts_by_the_sites_date(site: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    project(site).expires = date(2026, 5, 31)
    evening = datetime(2026, 5, 31, 17, 0, tzinfo=UTC)  # 01:00 on 1 June in Shanghai
    try:
        monkeypatch.setenv("TZ", "Asia/Shanghai")
        time.tzset()
        assert refused(site, "li-wei", "heart", evening).code == "project_expired"
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
        assert desk_access(site, "li-wei", "heart", evening).project == "heart"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_revoked_grant_is_not_mounted_and_can_be_given_again(site: Session) -> None:
    revoke_grants(site, "heart", "bloods")
    assert desk_access(site, "li-wei", "heart").extracts == ()
    with pytest.raises(Refusal, match="not granted"):
        revoke_grants(site, "heart", "bloods")
    add_grant(site, "heart", "bloods")
    assert len(desk_access(site, "li-wei", "heart").extracts) == 1
    assert len(site.scalars(select(Grant)).all()) == 2, "the revoked grant stays on record"


def test_a_withdrawn_extract_is_not_mounted_and_cannot_be_granted(site: Session) -> None:
    the_grant(site).extract.status = ExtractStatus.WITHDRAWN
    assert desk_access(site, "li-wei", "heart").extracts == ()
    with pytest.raises(Refusal, match="withdrawn"):
        add_grant(site, "lung", "bloods@1")
    with pytest.raises(Refusal, match="no registered extract"):
        add_grant(site, "lung", "bloods")


def test_of_two_granted_versions_the_newest_usable_is_mounted(
    site: Session, new_extract: Callable[[str, int], Extract]
) -> None:
    site.add(new_extract("bloods", 2))
    site.flush()
    newer = add_grant(site, "heart", "bloods")
    assert [extract.version for extract in granted_extracts(site, "heart")] == [2]
    newer.extract.status = ExtractStatus.WITHDRAWN
    assert [extract.version for extract in granted_extracts(site, "heart")] == [1]


def test_granting_again_moves_the_last_day(site: Session) -> None:
    again = add_grant(site, "heart", "bloods@1", date(2030, 1, 1))
    assert the_grant(site) is again
    assert again.expires == date(2030, 1, 1)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.REVIEWER, Role.AUDITOR])
def test_roles_that_stay_apart_from_data_cannot_be_members(site: Session, role: Role) -> None:
    site.add(Account(name="apart", display_name="Apart", roles={role}))
    site.flush()
    with pytest.raises(Refusal, match="only analysts and engineers"):
        add_member(site, "heart", "apart")
    # Nor through a row that came there otherwise.
    site.add(Membership(project="heart", account="apart"))
    site.flush()
    assert refused(site, "apart", "heart").code == "not_a_member"
    assert projects_of(site, "apart") == ()


def test_an_engineer_may_be_a_member(site: Session) -> None:
    site.add(Account(name="chen-jing", display_name="陈静", roles={Role.ENGINEER}))
    site.flush()
    assert add_member(site, "heart", "chen-jing")
    assert not add_member(site, "heart", "chen-jing"), "a second time changes nothing"
    assert [found.name for found in projects_of(site, "chen-jing")] == ["heart"]


def test_projects_are_listed_by_name_whatever_their_status(site: Session) -> None:
    add_member(site, "lung", "li-wei")
    project(site, "lung").status = ProjectStatus.SUSPENDED
    assert [found.name for found in projects_of(site, "li-wei")] == ["heart", "lung"]


@pytest.mark.parametrize(
    "name", ["", "a", "Li", "1a", "a-", "-a", "a--b", "a_b", "a.b", "../x", "a" * 33, "名字", "a\n", None, 5]
)
def test_bad_names_are_refused(name: object) -> None:
    with pytest.raises(Refusal, match="is not a name"):
        Project(name=name, title_en="x", title_zh="x")


@pytest.mark.parametrize("name", ["ab", "li-wei", "x1", "a" * 32])
def test_good_names_pass(name: str) -> None:
    assert Project(name=name, title_en="x", title_zh="x").name == name
