"""The archive is a bag by the rules of RFC 8493, read here without the code that wrote it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from rfc8493 import payload
from sqlalchemy.orm import Session

from provisioning.audit import reading
from provisioning.command import main
from provisioning.lifecycle import bag
from provisioning.lifecycle.archive import archive
from provisioning.refusal import Refusal
from provisioning.registry.models import ProjectStatus


def test_the_bag_is_valid_whole_and_read_only(ended) -> None:
    made = archive(ended.engine, "heart", ended.bags, "zhao-lei")
    listed = payload(made.folder)
    for path in (
        "data/workspaces/li-wei/notebook.ipynb",
        "data/workspaces/li-wei/表/结果.csv",
        "data/workspaces/li-wei/two\nlines\r",
        "data/workspaces/li-wei/50%",
        "data/workspaces/li-wei/bad%FF%25",
        f"data/runs/{'a' * 32}/report.html",
        "data/audit-extract.jsonl",
        "data/run-records.jsonl",
    ):
        assert path in listed, path
    assert len([path for path in listed if path.startswith("data/released/")]) == 2
    for path in made.folder.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o550 if path.is_dir() else 0o440), path
    assert os.listdir(ended.bags) == ["heart"]
    assert ended.status() is ProjectStatus.ARCHIVED


def test_links_and_all_that_is_no_file_are_listed_and_not_followed(ended) -> None:
    made = archive(ended.engine, "heart", ended.bags, "zhao-lei")
    lines = (made.folder / "data/left-out.jsonl").read_text().splitlines()
    left = {each["path"].removeprefix("workspaces/li-wei/"): each["why"] for each in map(json.loads, lines)}
    assert left == {
        "link": "link",
        "folder-link": "link",
        "hard": "hard-link",
        "pipe": "special",
        "socket": "special",
        "nothing": "empty-folder",
    }
    for folder, _, files in os.walk(made.folder):
        for file in files:
            assert b"the host's" not in Path(folder, file).read_bytes()


def test_only_the_projects_records_are_in_it(ended) -> None:
    made = archive(ended.engine, "heart", ended.bags, "zhao-lei")
    records = [
        json.loads(line) for line in (made.folder / "data/audit-extract.jsonl").read_text().splitlines()
    ]
    assert {each["project"] for each in records} == {"heart"}
    (event,) = [each for each in records if each["kind"] == "denied"]
    assert (event["user"], event["kind"], event["detail"]) == ("li-wei", "denied", {"size": 3})
    asked = [
        json.loads(line) for line in (made.folder / "data/release-requests.jsonl").read_text().splitlines()
    ]
    assert [each["number"] for each in asked] == [1, 3]
    facts = json.loads((made.folder / "data/project.json").read_text())
    assert [each["extract"] for each in facts["grants"]] == ["mine@1", "both@1"]


def test_again_is_the_same_bag_and_one_event(ended) -> None:
    first = archive(ended.engine, "heart", ended.bags, "zhao-lei")
    assert archive(ended.engine, "heart", ended.bags, "zhao-lei") == first
    with Session(ended.engine) as session:
        (event,) = reading.records(session, project="heart", kind="project-archived")
    assert event.detail == {"what": first.digest, "count": first.files, "size": first.size}


@pytest.mark.parametrize("status", ["draft", "active", "suspended", "deleted"])
def test_only_a_closed_project(ended, status: str) -> None:
    ended.set_status(ProjectStatus(status))
    with pytest.raises(Refusal, match=status):
        archive(ended.engine, "heart", ended.bags, "zhao-lei")
    assert os.listdir(ended.bags) == []


def test_no_place_inside_the_data_or_that_is_taken(ended) -> None:
    for folder in (ended.data, ended.data / "runs", ended.root / "absent"):
        with pytest.raises(Refusal, match="no place"):
            archive(ended.engine, "heart", folder, "zhao-lei")
    (ended.bags / "heart").mkdir()
    with pytest.raises(Refusal, match="no whole archive"):
        archive(ended.engine, "heart", ended.bags, "zhao-lei")
    assert ended.status() is ProjectStatus.CLOSED


def test_a_changed_lost_or_added_file_is_found(ended) -> None:
    folder = archive(ended.engine, "heart", ended.bags, "zhao-lei").folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    note = folder / "data/workspaces/li-wei/notebook.ipynb"
    for changed in (note, folder / "bag-info.txt", folder / "manifest-sha256.txt"):
        before = changed.read_bytes()
        for after in (before + b" ", None):
            if after is None:
                changed.unlink()
            else:
                changed.write_bytes(after)
            with pytest.raises(bag.BagDamaged):
                bag.check(folder)
            changed.write_bytes(before)
            bag.check(folder)
    (folder / "data/more").write_bytes(b"")
    with pytest.raises(bag.BagDamaged, match="more"):
        bag.check(folder)


def test_the_command(ended, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "archive", "heart", "--to", str(ended.bags), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["project"], said["docker_asked"], said["left_out"]) == ("heart", False, 6)
    assert main(["project", "archive", "lung", "--to", str(ended.bags)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
