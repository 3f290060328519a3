"""The demo site's file and passwords: whole or not at all, and never lost."""

from __future__ import annotations

import json
import os
import stat

import pytest

from images.console import Stop
from provisioning.host import demo

ENROL = """
if 'reset-totp' in words: print('{"totp": "NEWSECRET"}')"""

root = pytest.mark.skipif(os.geteuid() != 0, reason="gives folders to other uids")


@pytest.fixture
def registry(engine, place):
    """A registry that knows everybody, behind a `carrel` command that takes what it is told."""
    engine.answer("docker run", then=ENROL)
    return engine


def passwords() -> dict[str, dict[str, str]]:
    return {name: {"password": f"first-{name}", "totp": f"SECRET{name}"} for name in demo.PEOPLE.values()}


def handed(engine, place, given: dict[str, dict[str, str]]) -> None:
    """`carrel apply` writes these passwords, as it does for new accounts."""
    file = str(place.var / "handover/passwords.json")
    write = f"\nif 'apply' in words: open({file!r}, 'w').write({json.dumps(given)!r})"
    engine.answer("docker run", then=write)


def set_passwords(engine) -> list[str]:
    return [call.split()[-1] for call in engine.calls if " user set-password " in call]


def test_the_file_is_its_owners_alone(place):
    demo.remember(place, {"名": "值"})
    assert stat.S_IMODE(place.demo_file.stat().st_mode) == 0o600
    assert demo.recall(place) == {"名": "值"}
    assert [file.name for file in place.var.iterdir()] == ["demo.json"]


def test_the_file_is_its_owners_alone_where_an_open_one_was_before(place):
    place.demo_file.write_text("{}")
    place.demo_file.chmod(0o644)
    (place.var / "demo.new").write_text("half")
    (place.var / "demo.new").chmod(0o666)
    demo.remember(place, {"a": 1})
    assert stat.S_IMODE(place.demo_file.stat().st_mode) == 0o600


def test_the_file_is_written_whole_or_not_at_all(place):
    demo.remember(place, {"users": "kept"})
    with pytest.raises(TypeError):
        demo.remember(place, {"users": "lost", "run": object()})
    assert demo.recall(place) == {"users": "kept"}
    demo.remember(place, {"users": "next"})
    assert demo.recall(place) == {"users": "next"}, "what a cut-short writing left is not in the way"


@pytest.mark.parametrize("content", [None, "", '{"users": '])
def test_a_file_that_is_lost_or_cut_off_says_nothing(place, content):
    if content is not None:
        place.demo_file.write_text(content)
    assert demo.recall(place) == {}


def test_new_accounts_have_the_passwords_that_they_were_made_with(registry, place):
    made = demo.document(place, passwords())
    assert {
        user["name"]: {"password": user["password"], "totp": user["totp"]} for user in made["users"].values()
    } == passwords()
    assert set(made["users"]) == set(demo.PEOPLE)
    assert registry.calls == [], "nobody gets another"
    assert made["url"] == place.url


def test_a_second_make_up_keeps_every_password_and_the_run(registry, place):
    first = demo.document(place, passwords()) | {"run": {"id": "abc"}}
    demo.remember(place, first)
    assert demo.document(place, {}) == first
    assert registry.calls == []


def test_a_lost_password_is_set_anew_and_told_through_standard_input_only(registry, place):
    first = demo.document(place, passwords())
    del first["users"]["reviewer"]
    demo.remember(place, first)
    made = demo.document(place, {})
    assert set_passwords(registry) == ["sun-yan"]
    new = made["users"]["reviewer"]["password"]
    assert registry.stdin("set-password sun-yan") == new + "\n"
    assert new not in "".join(registry.calls)
    assert len(new) >= 12
    assert made["users"]["clinician"]["password"] == "first-li-wei"


def test_with_the_file_lost_everybody_gets_a_password_of_their_own(registry, place):
    made = demo.document(place, {})
    assert sorted(set_passwords(registry)) == sorted(demo.PEOPLE.values())
    assert len({user["password"] for user in made["users"].values()}) == len(demo.PEOPLE)


@root
def test_passwords_are_handed_over_once_and_only_after_they_are_written_down(registry, place):
    handed(registry, place, passwords())
    made = demo.set_up(place)
    assert made == demo.recall(place)
    assert made["users"]["auditor"]["password"] == "first-wu-fang"
    assert set_passwords(registry) == []
    assert not (place.var / "handover").exists()


@root
def test_passwords_survive_a_make_up_that_is_cut_short_before_they_are_written_down(
    registry, place, monkeypatch
):
    handed(registry, place, passwords())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(demo, "remember", killed)
        with pytest.raises(KeyboardInterrupt):
            demo.set_up(place)
    registry.answer("docker run")  # the accounts are there now: apply hands over no more
    made = demo.set_up(place)
    assert made["users"]["clinician"]["password"] == "first-li-wei"
    assert set_passwords(registry) == []


@root
def test_the_data_folders_are_their_owners_and_closed_to_others(place):
    demo.folders(place)
    demo.folders(place)  # a second time changes nothing
    seen = {}
    for name in (".", "extracts", "templates", "runs", "../handover"):
        status = (place.data / name).stat()
        seen[name] = (status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode)))
    assert seen == {
        ".": (0, 2000, "0o750"),
        "extracts": (2010, 2000, "0o2750"),
        "templates": (2010, 2000, "0o2750"),
        "runs": (0, 2000, "0o750"),
        "../handover": (2010, 2010, "0o700"),
    }


def test_a_user_who_may_use_docker_but_not_give_folders_away_is_told_so(place, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Stop, match="sudo"):
        demo.folders(place)


@root
def test_what_the_registry_refuses_stops_the_demo_and_leaves_no_file(registry, place):
    registry.answer("docker run", err="The registry is a newer Carrel's.\n", code=1)
    with pytest.raises(Stop, match="registry upgrade"):
        demo.set_up(place)
    assert not place.demo_file.exists()
    assert len(registry.called("docker run")) == 1, "nothing goes on after the first refusal"
