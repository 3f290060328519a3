"""``carrel event``, ``carrel release``, and a project's own display budget in a site file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from provisioning.command import main
from provisioning.lined_yaml import FileRefused
from provisioning.registry import events, releases
from provisioning.registry.access import desk_access
from provisioning.registry.membership import add_member
from provisioning.registry.releases import Asked
from provisioning.site.apply import apply
from provisioning.site.file import read_site


@pytest.fixture
def carrel(registry_url: str, capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            status = main(list(arguments))
        except SystemExit as left:
            status = int(str(left.code))
        out, error = capsys.readouterr()
        return status, out, error

    return run


@pytest.fixture
def asked(site: Session) -> Session:
    """A request of li-wei's, and a denial of ma-chao's."""
    said = {"purpose": "The paper\nand more", "recipient": "李伟"}
    files = [Asked("表.csv", "a" * 64, 12)]
    releases.create_draft(site, project="heart", requested_by="li-wei", files=files, **said)
    detail = {"route": "/files/(.*)", "reason": "raw-file", "size": 3}
    events.record(site, source="desk", user="ma-chao", project="lung", kind="denied", detail=detail)
    site.commit()
    return site


def test_releases_are_listed(carrel, asked: Session) -> None:
    status, out, _ = carrel("release", "list", "--json")
    (release,) = json.loads(out)
    assert (status, release["number"], release["status"], release["bytes"]) == (0, 1, "draft", 12)
    assert release["files"] == [{"path": "表.csv", "sha256": "a" * 64, "bytes": 12}]
    assert "李伟" in carrel("release", "list", "--project", "heart")[1]
    assert json.loads(carrel("release", "list", "--status", "released", "--json")[1]) == []
    assert carrel("release", "list", "--status", "mislaid")[0] == 2


def test_events_are_listed_by_user_project_kind_and_time(carrel, asked: Session) -> None:
    everything = json.loads(carrel("event", "list", "--json")[1])
    assert [event["kind"] for event in everything] == ["denied", "release-asked"]
    assert everything[0]["detail"]["reason"] == "raw-file"
    for arguments, count in (
        (["--user", "li-wei"], 1),
        (["--project", "lung"], 1),
        (["--kind", "denied"], 1),
        (["--kind", "withheld"], 0),
        (["--since", "2020-01-01"], 2),
        (["--since", "2099-01-01T08:00"], 0),
        (["--limit", "1"], 1),
        (["--user", "li-wei", "--kind", "denied"], 0),
    ):
        assert len(json.loads(carrel("event", "list", "--json", *arguments)[1])) == count, arguments
    assert "raw-file" in carrel("event", "list")[1]
    for wrong in (["--kind", "coffee"], ["--since", "yesterday"], ["--since", "0001-01-01"]):
        status, out, error = carrel("event", "list", *wrong)
        assert (status, out) == (2, ""), wrong
        assert "Traceback" not in error


SITE = """\
projects:
  heart:
    title: {en: Heart, zh: 心脏}
    quotas: {memory: 1 GiB}
"""


def test_a_site_file_may_give_a_project_its_own_display_budget(site: Session, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"

    def applied(text: str) -> list[str]:
        file.write_text(text, encoding="utf-8")
        changes = apply(site, read_site(file)).lines()
        site.commit()
        return [change for change in changes if "display" in change]

    assert applied(SITE) == []
    own = SITE.replace("1 GiB}", "1 GiB, display_bytes: 5000000, display_cells: 900}")
    assert applied(own) == [
        "~ project heart: display_bytes none -> 5000000",
        "~ project heart: display_cells none -> 900",
    ]
    assert applied(own) == []
    with pytest.raises(FileRefused, match=r"4: display_cells must be a whole number from 1 up"):
        applied(SITE.replace("1 GiB}", "1 GiB, display_cells: 0}"))
    add_member(site, "heart", "li-wei")
    quotas = desk_access(site, "li-wei", "heart").quotas
    assert (quotas.display_bytes, quotas.display_cells) == (5_000_000, 900)
    assert applied(SITE) == [
        "~ project heart: display_bytes 5000000 -> none",
        "~ project heart: display_cells 900 -> none",
    ]


def test_the_database_refuses_a_display_budget_of_nothing(engine: Engine, site: Session) -> None:
    with pytest.raises(Exception, match=r"(?i)check"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE projects SET display_bytes = 0")
