from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.command import main, parser
from provisioning.registry import database
from provisioning.registry.models import Account, Run, Template
from provisioning.registry.passwords import verify_password

DEMO = Path(__file__).parents[3] / "provisioning" / "demo"


@pytest.fixture
def carrel(registry_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Run ``carrel`` with these arguments; its status, standard output and standard error."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: object, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        status = main([str(argument) for argument in arguments])
        out, error = capsys.readouterr()
        return status, out, error

    return run


@pytest.fixture
def demo(carrel, tmp_path: Path) -> Path:
    """The demo site applied; where its passwords are."""
    for name in ("rotterdam", "omop-sample"):
        assert carrel("extract", "register", DEMO / "data" / name)[0] == 0
    passwords = tmp_path / "passwords.json"
    assert carrel("apply", DEMO / "site.yaml", "--passwords-out", passwords)[0] == 0
    return passwords


def of(carrel, *arguments: str):
    status, out, error = carrel(*arguments, "--json")
    assert (status, error) == (0, "")
    return json.loads(out)


def refused(carrel, *arguments: object, **how: str) -> str:
    """The one line of the refusal."""
    status, out, error = carrel(*arguments, **how)
    assert (status, out) == (1, "")
    assert error.endswith("\n")
    assert error.count("\n") == 1
    return error.strip()


def test_the_demo_from_nothing(carrel, demo: Path) -> None:
    project = of(carrel, "project", "show", "breast-survival")
    assert (project["members"], project["extracts"]) == (["li-wei"], ["rotterdam@1"])
    assert of(carrel, "extract", "verify") == {"verified": ["omop-sample@1", "rotterdam@1"]}
    assert len(of(carrel, "user", "list")) == 6
    assert of(carrel, "run", "list") == of(carrel, "template", "list") == []


def test_passwords_are_in_the_file_only(carrel, demo: Path, registry_url: str) -> None:
    assert demo.stat().st_mode & 0o777 == 0o600
    passwords = json.loads(demo.read_text())
    engine = database.engine(registry_url)
    with database.sessions(engine)() as session:
        for name, given in passwords.items():
            password = given["password"]
            account = session.get(Account, name)
            assert account is not None
            assert verify_password(account.password_hash, password)
    engine.dispose()
    said = "".join(carrel("apply", DEMO / "site.yaml", "--passwords-out", demo)[1:])
    assert said == "nothing to change\n"
    assert json.loads(demo.read_text()) == passwords, "a second time changes no password"


def test_apply_never_prints_a_password(carrel, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("accounts:\n  li-wei: {display_name: x, role: analyst}\n")
    out = tmp_path / "passwords.json"
    _, printed, error = carrel("apply", site, "--passwords-out", out, "--json")
    assert json.loads(out.read_text())["li-wei"]["password"] not in printed + error


def test_passwords_that_cannot_be_kept_change_nothing(carrel, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("accounts:\n  li-wei: {display_name: x, role: analyst}\n")
    line = refused(carrel, "apply", site, "--passwords-out", tmp_path / "absent" / "passwords.json")
    assert "nothing was changed" in line
    assert of(carrel, "user", "list") == []


def test_a_dry_run_shows_and_changes_nothing(carrel, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("accounts:\n  li-wei: {display_name: x, role: analyst}\n")
    passwords = tmp_path / "passwords.json"
    status, out, _ = carrel("apply", site, "--dry-run", "--passwords-out", passwords)
    assert (status, out) == (0, "+ account li-wei (analyst)\n")
    assert of(carrel, "user", "list") == []
    assert not passwords.exists()


def test_a_fault_in_the_site_file_is_one_line_with_its_place(carrel, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("accounts:\n  li-wei: {display_name: x, role: king}\n")
    assert refused(carrel, "apply", site).startswith(f"{site}:2: role must be one of")


def test_users(carrel, demo: Path) -> None:
    assert carrel("user", "set-password", "li-wei", stdin="correct horse\n")[0] == 0
    assert "12 to 1024" in refused(carrel, "user", "set-password", "li-wei", stdin="short\n")
    assert carrel("user", "suspend", "li-wei")[0] == 0
    assert {row["account"]: row["status"] for row in of(carrel, "user", "list")}["li-wei"] == "suspended"
    assert of(carrel, "user", "resume", "li-wei")["status"] == "active"
    assert refused(carrel, "user", "suspend", "nobody").startswith("There is no account nobody.")


def test_projects(carrel, demo: Path) -> None:
    assert of(carrel, "project", "suspend", "ehr-quality")["status"] == "suspended"
    assert of(carrel, "project", "resume", "ehr-quality")["status"] == "active"
    assert of(carrel, "project", "add-member", "ehr-quality", "li-wei")["changed"] is True
    assert of(carrel, "project", "add-member", "ehr-quality", "li-wei")["changed"] is False
    assert of(carrel, "project", "remove-member", "ehr-quality", "li-wei")["changed"] is True
    assert "only analysts" in refused(carrel, "project", "add-member", "ehr-quality", "zhao-lei")
    assert of(carrel, "project", "expire", "ehr-quality", "2030-01-31")["expires"] == "2030-01-31"
    assert of(carrel, "project", "expire", "ehr-quality", "never")["expires"] is None
    assert "no project absent" in refused(carrel, "project", "show", "absent")
    assert [row["project"] for row in of(carrel, "project", "list")] == ["breast-survival", "ehr-quality"]


def test_a_closed_project_is_not_resumed(carrel, demo: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("projects:\n  ehr-quality: {title: {en: x, zh: x}, status: closed}\n")
    assert carrel("apply", site)[0] == 0
    assert "is closed" in refused(carrel, "project", "resume", "ehr-quality")


def test_grants(carrel, demo: Path) -> None:
    assert of(carrel, "grant", "add", "ehr-quality", "rotterdam", "--expires", "2030-01-01")["extract"] == (
        "rotterdam@1"
    )
    assert of(carrel, "project", "show", "ehr-quality")["extracts"] == ["omop-sample@1", "rotterdam@1"]
    assert carrel("grant", "revoke", "ehr-quality", "rotterdam")[0] == 0
    assert of(carrel, "project", "show", "ehr-quality")["extracts"] == ["omop-sample@1"]
    assert "not granted" in refused(carrel, "grant", "revoke", "ehr-quality", "rotterdam")
    rows = of(carrel, "grant", "list", "ehr-quality")
    assert [(row["extract"], row["revoked"] is None) for row in rows] == [
        ("omop-sample@1", True),
        ("rotterdam@1", False),
    ]


def test_extracts(carrel, demo: Path, tmp_path: Path) -> None:
    again = of(carrel, "extract", "register", str(DEMO / "data" / "rotterdam"))
    assert (again["made"], again["version"]) == (False, 1)
    assert "Name the version" in refused(carrel, "extract", "withdraw", "rotterdam")
    file = tmp_path / "data" / "extracts" / "rotterdam" / "v1" / "rotterdam.parquet"
    file.chmod(0o640)
    os.truncate(file, 100)
    assert "rotterdam.parquet changed since" in refused(carrel, "extract", "verify", "rotterdam")
    assert of(carrel, "extract", "withdraw", "rotterdam@1")["changed"] is True
    assert of(carrel, "project", "show", "breast-survival")["extracts"] == []
    assert of(carrel, "extract", "verify") == {"verified": ["omop-sample@1"]}


def test_withdrawn_content_does_not_come_back(carrel, demo: Path) -> None:
    assert carrel("extract", "withdraw", "rotterdam@1")[0] == 0
    line = refused(carrel, "extract", "register", DEMO / "data" / "rotterdam")
    assert "withdrawn, for good" in line


def test_runs_are_shown(carrel, demo: Path, registry_url: str) -> None:
    engine = database.engine(registry_url)
    with database.writing(engine) as session:
        template = Template(name="cox", version="1.0.0", digest="sha256:" + "0" * 64, folder="cox/1.0.0")
        run = Run(
            project="breast-survival",
            requested_by="li-wei",
            template=template,
            extracts=[],
            parameters={"time": "rtime"},
            language="zh_CN",
        )
        session.add(run)
    engine.dispose()
    (row,) = of(carrel, "run", "list", "--project", "breast-survival")
    assert (row["run"], row["status"], row["template"]) == (run.id, "queued", "cox 1.0.0")
    assert of(carrel, "run", "show", run.id)["parameters"] == {"time": "rtime"}
    assert carrel("run", "list")[1].splitlines()[1].startswith(run.id)
    assert refused(carrel, "run", "show", "absent") == "There is no run absent."
    assert of(carrel, "template", "withdraw", "cox", "1.0.0")["changed"] is True


def verbs(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers that carry something out."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        return [parser]
    return [verb for child in below[0].choices.values() for verb in verbs(child)]


def test_every_verb_can_answer_in_json() -> None:
    every = verbs(parser())
    assert len(every) == 58
    for verb in every:
        assert "--json" in verb.format_help(), verb.prog


@pytest.mark.parametrize(
    "arguments",
    [[], ["user"], ["absent"], ["user", "list", "--absent"], ["project", "expire", "x", "soon"], ["apply"]],
)
def test_misuse_is_status_2(carrel, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        carrel(*arguments)
    assert caught.value.code == 2


def carrel_process(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CARREL_REGISTRY_URL": url, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "provisioning.command", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_as_a_process_without_tables_then_with_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.sqlite"
    before = carrel_process(url, "user", "list")
    assert before.returncode == 3
    assert before.stderr.count("\n") == 1
    assert "carrel registry upgrade" in before.stderr
    assert carrel_process(url, "registry", "upgrade").returncode == 0
    after = carrel_process(url, "user", "list", "--json")
    assert (after.returncode, after.stdout, after.stderr) == (0, "[]\n", "")


def test_as_a_process_without_the_folder(tmp_path: Path) -> None:
    run = carrel_process(f"sqlite:///{tmp_path}/absent/registry.sqlite", "user", "list")
    assert run.returncode == 3
    assert "absent does not exist" in run.stderr
    assert "Traceback" not in run.stderr
