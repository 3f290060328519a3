"""What deletion removes, what it leaves, and what it says of it."""

from __future__ import annotations

import json
import os

import pytest
from deleted_project import check_deleted

from provisioning.command import main
from provisioning.lifecycle.archive import archive
from provisioning.lifecycle.deletion import delete_project
from provisioning.lifecycle.intent import intent_path
from provisioning.refusal import Refusal
from provisioning.registry.models import ProjectStatus


@pytest.mark.parametrize("extracts", [False, True])
def test_an_archived_project_is_deleted(ended, extracts: bool) -> None:
    made = archive(ended.engine, "heart", ended.bags, "zhao-lei")
    said = delete_project(ended.engine, "heart", actor="zhao-lei", extracts=extracts)
    assert said == check_deleted(ended, extracts=extracts)
    assert said["archive"] == {"tagmanifest_sha256": made.digest}
    assert delete_project(ended.engine, "heart", actor="somebody") == said
    assert (made.folder / "bagit.txt").exists()


def test_a_closed_project_needs_a_reason(ended) -> None:
    for reason in (None, " ", "two\nlines", "x" * 501):
        with pytest.raises(Refusal, match="--without-archive"):
            delete_project(ended.engine, "heart", actor="zhao-lei", without_archive=reason)
    assert ended.workspace.exists()
    said = delete_project(ended.engine, "heart", actor="zhao-lei", without_archive="nobody began")
    assert (said["without_archive"], said["archive"]) == ("nobody began", None)


@pytest.mark.parametrize("status", ["draft", "active", "suspended"])
def test_no_other_project_is_deleted(ended, status: str) -> None:
    ended.set_status(ProjectStatus(status))
    with pytest.raises(Refusal, match=status):
        delete_project(ended.engine, "heart", actor="zhao-lei", without_archive="why not")
    assert ended.workspace.exists()
    assert not intent_path("heart").exists()


def test_a_link_in_the_place_of_the_projects_folder_leads_nowhere(ended) -> None:
    folder = ended.data / "runs" / "heart"
    folder.rename(ended.root / "elsewhere")
    folder.symlink_to(ended.root / "elsewhere")
    with pytest.raises(Refusal):
        delete_project(ended.engine, "heart", actor="zhao-lei", without_archive="why not")
    assert list((ended.root / "elsewhere").iterdir())


def test_folders_deeper_than_descriptors_go(ended) -> None:
    here = os.getcwd()
    try:
        os.chdir(ended.workspace)
        for _ in range(900):
            os.mkdir("d")
            os.chdir("d")
    finally:
        os.chdir(here)
    said = delete_project(ended.engine, "heart", actor="zhao-lei", without_archive="deep")
    assert said["folders"]["workspaces"]["others"] == 6
    assert not ended.workspace.exists()


def test_the_command_wants_the_name_twice(ended, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["project", "delete", "heart", "--without-archive", "a test", "--confirm"]
    assert main([*command, "lung"]) == 1
    assert "heart" in capsys.readouterr().err
    assert ended.workspace.exists()
    assert main([*command, "heart", "--extracts", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == check_deleted(ended, extracts=True)
