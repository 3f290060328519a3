"""What a transaction changes is on the trail in that transaction, with who did it and no secret."""

from __future__ import annotations

import json

import pytest
from old_trail import add
from sqlalchemy import Engine, update

from provisioning.audit import forward, reading, syslog
from provisioning.audit.actor import Actor, acting, person, plain
from provisioning.audit.verify import verify
from provisioning.command import main
from provisioning.registry import database
from provisioning.registry.grants import add_grant, revoke_grants
from provisioning.registry.membership import add_member, remove_member
from provisioning.registry.models import (
    Account,
    AuditRecord,
    Extract,
    ExtractStatus,
    Project,
    ProjectStatus,
    Role,
    Template,
)

SECRET = "a-secret-that-nobody-may-read"
ADMIN = Actor("command", "zhao-lei", "project add")


def trail(engine: Engine) -> list[AuditRecord]:
    """The oldest first; the trail must be whole too."""
    with database.sessions(engine)() as session:
        verify(session)
        return list(reversed(reading.records(session, limit=1000)))


@pytest.fixture
def heart(engine: Engine) -> Engine:
    with acting(ADMIN), database.writing(engine) as session:
        session.add_all(
            [
                Account(name="li-wei", display_name=SECRET, roles={Role.ANALYST}, password_hash=SECRET),
                Project(name="heart", title_en=SECRET, title_zh="心脏"),
                Extract(
                    name="bloods",
                    version=2,
                    title_en="B",
                    title_zh="血",
                    digest="sha256:" + "0" * 64,
                    folder="bloods/v2",
                    manifest={"note": SECRET},
                    status=ExtractStatus.VERIFIED,
                ),
            ]
        )
    return engine


def test_what_is_added_is_there_with_who_and_no_text(heart: Engine) -> None:
    made = trail(heart)
    assert {each.kind for each in made} == {"account-changed", "project-changed", "extract-registered"}
    assert {(each.source, each.user) for each in made} == {("command", "zhao-lei")}
    assert {each.detail["command"] for each in made} == {"project add"}
    assert SECRET not in json.dumps([each.detail for each in made])
    (extract,) = (each for each in made if each.kind == "extract-registered")
    assert (extract.extract, extract.detail["digest"]) == ("bloods@2", "sha256:" + "0" * 64)


def test_each_step_has_its_kind(heart: Engine) -> None:
    before = len(trail(heart))

    def step(change) -> AuditRecord:
        with acting(ADMIN), database.writing(heart) as session:
            change(session)
        return trail(heart)[-1]

    status = step(lambda s: setattr(s.get(Project, "heart"), "status", ProjectStatus.ACTIVE))
    assert (status.kind, status.project) == ("project-status", "heart")
    assert status.detail["fields"] == [{"field": "status", "before": "draft", "after": "active"}]
    added = step(lambda s: add_member(s, "heart", "li-wei"))
    assert (added.kind, added.project, added.detail["account"]) == ("member-added", "heart", "li-wei")
    granted = step(lambda s: add_grant(s, "heart", "bloods"))
    assert (granted.kind, granted.project, granted.extract) == ("extract-granted", "heart", "bloods@2")
    assert step(lambda s: revoke_grants(s, "heart", "bloods")).kind == "grant-revoked"
    assert step(lambda s: remove_member(s, "heart", "li-wei")).kind == "member-removed"
    secret = step(lambda s: setattr(s.get(Account, "li-wei"), "password_hash", "another"))
    assert (secret.kind, secret.detail["fields"]) == ("account-changed", [{"field": "password_hash"}])
    whole = step(lambda s: s.execute(update(Template).values(status="withdrawn")))
    assert (whole.kind, whole.detail["change"]) == ("template-changed", "statement")
    assert len(trail(heart)) == before + 7


def test_what_is_rolled_back_is_not_on_the_trail_nor_what_changes_nothing(heart: Engine) -> None:
    before = len(trail(heart))

    def interrupted() -> None:
        with database.writing(heart) as session:
            session.get(Project, "heart").status = ProjectStatus.ACTIVE
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with database.writing(heart) as session:
        session.get(Project, "heart").status = ProjectStatus.DRAFT
    with database.writing(heart) as session:
        session.get(Project, "heart").status = ProjectStatus.ACTIVE
        session.flush()
        session.rollback()
    assert len(trail(heart)) == before


def test_a_command_says_who_gave_it(heart: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARREL_ACTOR", "zhao-lei")
    assert main(["user", "suspend", "li-wei"]) == 0
    last = trail(heart)[-1]
    assert (last.user, last.detail["command"]) == ("zhao-lei", "user suspend")
    monkeypatch.delenv("CARREL_ACTOR")
    assert main(["user", "resume", "li-wei"]) == 0
    assert trail(heart)[-1].user == person() == "root"


def test_a_user_is_plain_and_bounded() -> None:
    assert plain("a\nb\u202ec" + "x" * 99) == "a\ufffdb\ufffdc" + "x" * 59


def test_how_the_trail_stands(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    def status() -> dict:
        assert main(["audit", "status", "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert status()["head"] is status()["anchor"] is None
    add(engine, 3, monkeypatch, days_ago=1)
    assert 86_000 < status()["unsigned_seconds"] < 87_000
    assert main(["audit", "anchor", "--out", str(tmp_path / "anchor.json")]) == 0
    capsys.readouterr()
    to = syslog.receiver("tcp://logs")
    forward.position(engine, to)
    said = status()
    assert (said["first"], said["last"], said["head"]["number"], said["anchor"]["number"]) == (1, 4, 3, 3)
    assert said["unsigned_seconds"] < 60, "the anchoring itself"
    (receiver,) = said["receivers"]
    assert (receiver["address"], receiver["number"]) == ("tcp://logs:514", 0)
    assert receiver["waiting_seconds"] > 86_000
