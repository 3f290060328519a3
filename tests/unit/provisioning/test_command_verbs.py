"""The verbs beside ``carrel apply``."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.command import main


@pytest.fixture
def carrel(site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def run(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        out, error = capsys.readouterr()
        return status, out, error

    return run


def of(carrel, *arguments: object):
    status, out, error = carrel(*arguments, "--json")
    assert (status, error) == (0, "")
    return json.loads(out)


def test_an_account_is_made_shown_and_given_roles(carrel) -> None:
    assert of(carrel, "user", "create", "sun-yan", "--name", "孙岩", "--role", "reviewer")["roles"] == [
        "reviewer"
    ]
    assert of(carrel, "user", "set-roles", "sun-yan", "analyst", "reviewer")["changed"] is True
    shown = of(carrel, "user", "show", "sun-yan")
    assert (shown["roles"], shown["projects"]) == (["analyst", "reviewer"], [])
    assert "already" in carrel("user", "create", "sun-yan", "--name", "x", "--role", "analyst")[2]
    status, _, error = carrel("user", "set-roles", "sun-yan", "reviewer", "admin")
    assert (status, "different people" in error) == (1, True)
    status, _, error = carrel("user", "set-roles", "li-wei", "admin")
    assert (status, "while a member of heart" in error) == (1, True)
    assert of(carrel, "user", "show", "li-wei")["roles"] == ["analyst"], "nothing of it stays"


def test_people_are_imported_all_or_none(carrel, tmp_path: Path) -> None:
    people, out = tmp_path / "people.csv", tmp_path / "passwords.json"
    people.write_bytes(
        "账号,姓名,角色\nxu-hua,徐华,工程师\nhe-min,何敏,审计员\nli-wei,李伟,分析员\n".encode("gb18030")
    )
    assert len(of(carrel, "user", "import", people, "--dry-run")["changes"]) == 2
    assert carrel("user", "show", "xu-hua")[0] == 1
    assert of(carrel, "user", "import", people, "--passwords-out", out)["rows"] == 3
    assert (sorted(json.loads(out.read_text())), out.stat().st_mode & 0o777) == (["he-min", "xu-hua"], 0o600)
    assert carrel("user", "import", people)[1] == "nothing to change\n"
    people.write_text(
        "account,name_,roles\n".replace("name_", "display_name")
        + "new-one,x,analyst\nli-wei,Other,analyst\nma-chao,马超,admin\n"
    )
    status, _, error = carrel("user", "import", people)
    assert (status, [line.split(":")[1] for line in error.splitlines()]) == (1, ["3", "4"])
    assert carrel("user", "show", "new-one")[0] == 1


def test_a_project_is_made_described_opened_and_closed(carrel) -> None:
    made = of(
        carrel,
        "project",
        "create",
        "bone",
        "--title-en",
        "Bone",
        "--title-zh",
        "骨",
        "--approval-number",
        "KY-1",
    )
    assert made["status"] == "draft"
    changed = of(carrel, "project", "set", "bone", "--approval-expires", "2030-01-01", "--expires", "never")[
        "changed"
    ]
    assert changed == ["approval_expires"]
    assert of(carrel, "project", "resume", "bone")["status"] == "active"
    assert of(carrel, "project", "close", "bone")["status"] == "closed"
    status, _, error = carrel("project", "resume", "bone")
    assert (status, "It can become: archived" in error) == (1, True)
    shown = of(carrel, "project", "show", "bone")
    assert (shown["approval_number"], shown["approval_expires"]) == ("KY-1", "2030-01-01")
    assert carrel("project", "set", "bone")[0] == 1


def test_quotas_are_shown_and_set(carrel) -> None:
    arguments = (
        "--cpu",
        "4",
        "--memory",
        "16 GiB",
        "--disk",
        "1.5 GiB",
        "--max-desks",
        "3",
        "--display-cells",
        "9",
    )
    changed = of(carrel, "quota", "set", "heart", *arguments)["changed"]
    assert changed == ["cpu", "disk_bytes", "display_cells", "max_desks", "memory_bytes"]
    assert of(carrel, "quota", "set", "heart", "--display-cells", "default")["display_cells"] is None
    shown = of(carrel, "quota", "show", "heart")
    assert (shown["memory_bytes"], shown["disk_bytes"], shown["cpu"]) == (16 * 1024**3, 1536 * 1024**2, 4.0)
    assert "memory: 16 GiB" in carrel("quota", "show", "heart")[1]
    for bad in (
        ("--pids", "1"),
        ("--cpu", "nan"),
        ("--cpu", "0"),
        ("--gpus", "-1"),
        ("--max-runs", str(2**40)),
        (),
    ):
        assert carrel("quota", "set", "heart", *bad)[0] == 1
    with pytest.raises(SystemExit):
        carrel("quota", "set", "heart", "--memory", "1 KiB")


def test_policies_are_listed_set_and_unset(carrel) -> None:
    assert of(carrel, "policy", "set", "display_cells", "7")["changed"] is True
    assert {row["policy"]: row["value"] for row in of(carrel, "policy", "list")}["display_cells"] == 7
    assert carrel("policy", "set", "display_cells", "0")[0] == 1
    assert of(carrel, "policy", "unset", "display_cells")["value"] is None


def test_what_is_exported_changes_nothing(carrel, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(carrel("export-site")[1], encoding="utf-8")
    assert carrel("apply", file)[1] == "nothing to change\n"
    assert of(carrel, "export-site")["site"].strip() == file.read_text(encoding="utf-8").strip()


def test_apply_in_json_says_what_changes(carrel, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(
        "accounts:\n  li-wei: {display_name: 李伟, roles: [analyst, reviewer]}\n", encoding="utf-8"
    )
    assert of(carrel, "apply", file, "--dry-run")["changes"] == [
        {
            "change": "~",
            "what": "account",
            "name": "li-wei",
            "field": "roles",
            "before": "analyst",
            "after": "analyst, reviewer",
        }
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_the_completion_knows_the_verbs(carrel, shell: str) -> None:
    status, script, _ = carrel("completion", shell)
    assert status == 0
    assert "set-roles" in script
    if shell == "bash":
        assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_a_registry_that_cannot_be_used_is_status_3(carrel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARREL_REGISTRY_URL", "sqlite:////nowhere/at/all.sqlite")
    status, out, error = carrel("user", "list")
    assert (status, out, "does not exist" in error) == (3, "", True)


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["user", "import", "--help"])
    assert caught.value.code == 0
    assert "examples:\n  carrel user import people.csv --dry-run" in capsys.readouterr().out
