from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.lined_yaml import FileRefused
from provisioning.registry.access import AccessDenied, desk_access
from provisioning.registry.models import Account, Extract, ExtractStatus, Grant, Project, ProjectStatus, Role
from provisioning.registry.passwords import sign_in
from provisioning.site.apply import Applied, apply
from provisioning.site.export import export_site
from provisioning.site.faults import SeveralFaults
from provisioning.site.file import read_site

SITE = """\
accounts:
  li-wei: {display_name: 李伟, role: analyst}
  sun-yan:
    display_name: 孙岩
    role: reviewer
projects:
  heart:
    title: {en: Heart, zh: 心脏}
    expires: 2030-12-31
    quotas:
      cpu: 0.5
      memory: 512 MiB
    members: [li-wei]
    extracts:
      - bloods
"""


class SiteFile:
    def __init__(self, path: Path, session: Session) -> None:
        self.path = path
        self.session = session
        self.text = SITE

    def apply(self, *edits: tuple[str, str], passwords: bool = False) -> Applied:
        for before, after in edits:
            assert before in self.text
            self.text = self.text.replace(before, after)
        self.path.write_text(self.text, encoding="utf-8")
        applied = apply(self.session, read_site(self.path), passwords=passwords)
        self.session.commit()
        return applied

    def refused(self, *edits: tuple[str, str]) -> FileRefused:
        with pytest.raises(FileRefused) as caught:
            self.apply(*edits)
        self.session.rollback()
        assert str(caught.value).startswith(f"{self.path}:{caught.value.line}: ")
        return caught.value


@pytest.fixture
def file(session: Session, new_extract, tmp_path: Path) -> SiteFile:
    session.add_all([new_extract("bloods", 7), new_extract("scans", 1)])
    session.commit()
    return SiteFile(tmp_path / "site.yaml", session)


def test_what_the_file_declares_is_so(file: SiteFile) -> None:
    applied = file.apply()
    assert applied.lines() == [
        "+ account li-wei (analyst)",
        "+ account sun-yan (reviewer)",
        "+ project heart (active)",
        "+ member li-wei of heart",
        "+ grant bloods@7 to heart",
    ]
    access = desk_access(file.session, "li-wei", "heart")
    assert (access.quotas.cpu, access.quotas.memory_bytes, access.quotas.pids) == (0.5, 512 * 1024**2, 256)
    assert [extract.name for extract in access.extracts] == ["bloods"]


def test_a_second_time_changes_nothing(file: SiteFile) -> None:
    file.apply(passwords=True)
    again = file.apply(passwords=True)
    assert (again.lines(), again.passwords) == ([], {})


def test_only_new_accounts_get_a_password_that_opens_them(file: SiteFile) -> None:
    assert file.apply().passwords == {}
    applied = file.apply(
        ("projects:", "  wu-fang: {display_name: 吴芳, role: auditor}\nprojects:"), passwords=True
    )
    assert list(applied.passwords) == ["wu-fang"]
    assert sign_in(file.session, "wu-fang", applied.passwords["wu-fang"]) is not None
    without = file.session.get(Account, "li-wei")
    assert without is not None
    assert without.password_hash is None


def test_what_differs_is_changed_and_said(file: SiteFile) -> None:
    file.apply()
    applied = file.apply(
        ("2030-12-31", "2031-01-01"),
        ("quotas:", "status: suspended\n    quotas:"),
        ("members: [li-wei]", "members: []"),
        ("- bloods", "- scans@1"),
        ("role: analyst}", "role: analyst, status: suspended}"),
    )
    assert applied.lines() == [
        "~ account li-wei: status active -> suspended",
        "~ project heart: status active -> suspended",
        "~ project heart: expires 2030-12-31 -> 2031-01-01",
        "- member li-wei of heart",
        "+ grant scans@1 to heart",
        "- grant bloods@7 to heart",
    ]
    project = file.session.get(Project, "heart")
    assert project is not None
    assert (project.status, project.expires) == (ProjectStatus.SUSPENDED, date(2031, 1, 1))
    revoked = {grant.extract.name: grant.revoked for grant in file.session.scalars(select(Grant))}
    assert revoked["scans"] is None
    assert revoked["bloods"] is not None


def test_what_the_file_does_not_name_stays(file: SiteFile, site: Session) -> None:
    file.session = site
    file.apply(("  heart:", "  other:"))
    assert site.get(Project, "heart") is not None
    assert desk_access(site, "li-wei", "heart").extracts


def test_a_bare_name_keeps_the_version_that_the_project_has(file: SiteFile, new_extract) -> None:
    file.apply()
    file.session.add(new_extract("bloods", 8))
    file.session.commit()
    assert file.apply().lines() == []
    assert file.apply(("- bloods", "- bloods@8")).lines() == [
        "+ grant bloods@8 to heart",
        "- grant bloods@7 to heart",
    ]


def test_one_file_takes_a_membership_and_gives_the_role(file: SiteFile) -> None:
    file.apply()
    file.apply(("role: analyst", "role: admin"), ("members: [li-wei]", "members: []"))
    account = file.session.get(Account, "li-wei")
    assert account is not None
    assert set(account.roles) == {Role.ADMIN}


def test_a_fault_changes_nothing_at_all(file: SiteFile) -> None:
    file.refused(("- bloods", "- absent"))
    assert file.session.scalars(select(Account)).all() == []
    assert file.session.scalars(select(Project)).all() == []


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("- bloods", "- absent", 15, "no registered extract absent"),
        ("- bloods", "- bloods@x", 15, "is not an extract"),
        ("- bloods", "- bloods@9", 15, "no registered extract bloods@9"),
        ("- bloods", "- bloods\n      - bloods", 16, "an entry twice"),
        ("[li-wei]", "[li-wei, nobody]", 13, "no account nobody"),
        ("[li-wei]", "[sun-yan]", 13, "only analysts and engineers"),
        ("[li-wei]", "li-wei", 13, "members must be a list"),
        ("role: reviewer", "role: root", 5, "role must be one of"),
        ("role: reviewer", "rolle: reviewer", 4, "role is missing"),
        ("role: reviewer", "roles: reviewer", 5, "roles must be a list"),
        ("role: reviewer", "roles: []", 3, "needs a role"),
        ("role: reviewer", "roles: [reviewer, king]", 5, "king is not a role"),
        ("role: reviewer", "role: reviewer\n    roles: [admin]", 6, "not both"),
        ("role: reviewer", "roles: [reviewer, auditor]", 3, "held by different people"),
        ("- bloods", "- {extract: bloods, until: 2030-01-01}", 15, "until is not known"),
        ("- bloods", "- 7", 15, "a list of texts"),
        ("quotas:", "status: deleted\n    quotas:", 7, "carrel project delete heart"),
        ("cpu: 0.5", "disk: 1 MiB", 11, "at least 64 MiB"),
        ("projects:", "policies: {display_bytes: 0}\nprojects:", 6, "from 1 up"),
        ("  sun-yan:", "  Sun Yan:", 3, "is not a name"),
        ("    expires: 2030-12-31", "    expire: 2030-12-31", 9, "expire is not known here"),
        ("2030-12-31", "soon", 9, "expires must be a date"),
        ("2030-12-31", "2030-12-31 10:00:00", 9, "expires must be a date"),
        ("cpu: 0.5", "cpu: 0", 11, "cpu must be a number from 0.1"),
        ("cpu: 0.5", "cpu: .nan", 11, "cpu must be a number from 0.1"),
        ("cpu: 0.5", "pids: 1.5", 11, "pids must be a whole number"),
        ("cpu: 0.5", "gpus: true", 11, "gpus must be a whole number"),
        ("512 MiB", "512", 12, "memory must be one line of text"),
        ("512 MiB", "1 MiB", 12, "at least 64 MiB"),
        ("title: {en: Heart, zh: 心脏}", "title: Heart", 8, "title must have fields"),
        ("projects:", "groups: {}\nprojects:", 6, "groups is not known here"),
        ("  heart:", "  heart: {}\n  heart:", 8, "heart is there twice"),
        ("accounts:", "accounts: [", 3, "not YAML"),
    ],
)
def test_each_fault_has_its_line(file: SiteFile, before: str, after: str, line: int, said: str) -> None:
    refusal = file.refused((before, after))
    assert said in str(refusal)
    assert refusal.line == line


def test_an_account_cannot_leave_the_data_roles_while_a_member(file: SiteFile, site: Session) -> None:
    file.session = site  # where li-wei is a member of heart, which this file does not name
    refusal = file.refused(("role: analyst", "role: admin"), ("  heart:", "  other:"), ("[li-wei]", "[]"))
    assert refusal.line == 2
    assert "while a member of heart" in str(refusal)


@pytest.mark.parametrize("text", ["", "- a\n", "a: !!python/object/apply:os.system [ls]\n", "a: \x00\n"])
def test_what_is_no_site_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "site.yaml").write_text(text)
    with pytest.raises(FileRefused):
        read_site(tmp_path / "site.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read: No such file"):
        read_site(tmp_path / "absent.yaml")


def test_the_demo_site_applies(session: Session, new_extract) -> None:
    session.add_all([new_extract("rotterdam", 1), new_extract("omop-sample", 1)])
    session.flush()
    demo = Path(__file__).parents[3] / "provisioning" / "demo" / "site.yaml"
    apply(session, read_site(demo))
    assert {role for account in session.scalars(select(Account)) for role in account.roles} == set(Role)
    for account, project, extract in (
        ("li-wei", "breast-survival", "rotterdam"),
        ("ma-chao", "ehr-quality", "omop-sample"),
    ):
        assert [found.name for found in desk_access(session, account, project).extracts] == [extract]
    assert session.scalars(select(Extract)).all()


def test_several_files_are_one_site(file: SiteFile, tmp_path: Path) -> None:
    people, projects = file.text.split("projects:\n")
    (tmp_path / "people.yaml").write_text(people, encoding="utf-8")
    (tmp_path / "projects.yaml").write_text("projects:\n" + projects, encoding="utf-8")
    both = apply(file.session, read_site(tmp_path / "projects.yaml", tmp_path / "people.yaml"))
    file.session.rollback()
    file.session.expunge_all()
    assert both.lines() == file.apply().lines()


def test_what_two_files_declare_is_refused_with_both_places(file: SiteFile, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    for path in (first, second):
        path.write_text("policies: {display_bytes: 7}\n" + SITE, encoding="utf-8")
    with pytest.raises(SeveralFaults) as caught:
        read_site(first, second)
    said = str(caught.value).splitlines()
    assert said == [
        f"{second}:3: li-wei is declared at {first}:3 already: keep one of the two.",
        f"{second}:4: sun-yan is declared at {first}:4 already: keep one of the two.",
        f"{second}:8: heart is declared at {first}:8 already: keep one of the two.",
        f"{second}:1: display_bytes is declared at {first}:1 already: keep one of the two.",
    ]


def test_all_faults_of_the_files_come_together(file: SiteFile) -> None:
    file.text = file.text.replace("role: analyst", "role: king").replace("cpu: 0.5", "cpu: 0")
    with pytest.raises(SeveralFaults) as caught:
        file.apply()
    assert [fault.line for fault in caught.value.faults] == [2, 11]


def test_all_faults_of_the_registry_come_together_and_nothing_stays(file: SiteFile) -> None:
    with pytest.raises(SeveralFaults) as caught:
        file.apply(("[li-wei]", "[li-wei, nobody, sun-yan]"), ("- bloods", "- absent\n      - scans@9"))
    file.session.rollback()
    assert [fault.line for fault in caught.value.faults] == [13, 13, 15, 16]
    assert caught.value.text("zh_CN").count("\n") == 3
    assert file.session.scalars(select(Account)).all() == []


def test_a_grants_last_day_comes_and_goes(file: SiteFile) -> None:
    file.apply(("- bloods", "- {extract: bloods, expires: 2030-01-01}"))
    grant = file.session.scalars(select(Grant)).one()
    assert grant.expires == date(2030, 1, 1)
    assert file.apply().lines() == []
    assert file.apply(("2030-01-01", "2031-01-01")).lines() == [
        "~ grant bloods@7 to heart: expires 2030-01-01 -> 2031-01-01"
    ]
    assert file.apply(("{extract: bloods, expires: 2031-01-01}", "bloods")).lines() == [
        "~ grant bloods@7 to heart: expires 2031-01-01 -> none"
    ]


def test_policies_are_what_a_project_has_by_default(file: SiteFile) -> None:
    assert file.apply(("projects:", "policies: {display_cells: 9}\nprojects:")).lines()[0] == (
        "~ policy display_cells: value none -> 9"
    )
    assert desk_access(file.session, "li-wei", "heart").quotas.display_cells == 9
    file.apply(("cpu: 0.5", "display_cells: 5"))
    assert desk_access(file.session, "li-wei", "heart").quotas.display_cells == 5


def test_a_closed_project_is_not_declared_open_again(file: SiteFile) -> None:
    file.apply(("quotas:", "status: closed\n    quotas:"))
    refusal = file.refused(("status: closed", "status: active"))
    assert "It can become: archived" in str(refusal)
    assert refusal.line == 7


def test_an_approval_that_ended_ends_the_work(file: SiteFile) -> None:
    file.apply(("quotas:", "approval: {number: 2024-KY-17, expires: 2024-12-31}\n    quotas:"))
    with pytest.raises(AccessDenied, match="approval") as caught:
        desk_access(file.session, "li-wei", "heart")
    assert caught.value.code == "approval_expired"


KILLED = """
import os, sys, pathlib
from sqlalchemy import event
from provisioning.registry import database
from provisioning.site.apply import apply
from provisioning.site.export import export_site
from provisioning.site.faults import SeveralFaults
from provisioning.site.file import read_site
engine = database.engine()
left = int(sys.argv[2])
def die(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)
event.listen(engine, "before_cursor_execute", die)
event.listen(engine, "commit", die)
with database.writing(engine) as session:
    apply(session, read_site(pathlib.Path(sys.argv[1])))
"""


def test_an_apply_killed_anywhere_leaves_nothing_or_all(file: SiteFile, registry_url: str) -> None:
    file.path.write_text(SITE, encoding="utf-8")
    before = export_site(file.session)
    file.session.rollback()
    killed = 0
    for step in range(200):
        done = subprocess.run([sys.executable, "-c", KILLED, str(file.path), str(step)], check=False)
        left = export_site(file.session)
        file.session.rollback()
        file.session.expire_all()
        if done.returncode == 0:
            break
        assert done.returncode == -9
        assert left == before, f"half after statement {step}"
        killed += 1
    assert killed > 8
    assert "li-wei" in left
    assert file.apply().lines() == []


def of_project(made: Extract, project: str) -> Extract:
    made.manifest = {"gate": {"verified": True, "project": project}}
    return made


def test_an_extract_of_another_projects_key_is_not_granted_by_a_file_either(file, new_extract):
    """With another project's pseudonyms the two projects could be joined."""
    file.session.add(of_project(new_extract("stroke", 1), "lung"))
    refused = file.refused(("- bloods", "- stroke"))
    assert "made with the key of the project lung" in str(refused)
    assert file.session.scalars(select(Grant)).all() == []


def test_a_bare_name_is_the_newest_version_that_the_project_may_have(file, new_extract):
    file.session.add_all(
        [of_project(new_extract("stroke", 1), "heart"), of_project(new_extract("stroke", 2), "lung")]
    )
    file.apply(("- bloods", "- stroke"))
    assert [
        (found.name, found.version) for found in desk_access(file.session, "li-wei", "heart").extracts
    ] == [("stroke", 1)]


def test_a_held_extract_is_said_to_be_held(file, new_extract):
    held = new_extract("stroke", 1)
    held.status = ExtractStatus.HELD
    file.session.add(held)
    assert "is held by the extract gate" in str(file.refused(("- bloods", "- stroke@1")))
