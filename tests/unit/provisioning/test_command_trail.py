"""Every verb of `carrel` that changes something leaves its record on the audit trail, in the order of a site's life."""

from __future__ import annotations

import argparse
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from images.recipe import ROOT
from provisioning.audit import reading
from provisioning.audit.verify import verify
from provisioning.command import main, parser
from provisioning.extracts.manifest import MANIFEST
from provisioning.registry import database
from provisioning.registry.models import AuditRecord, Extract

READS = {
    "export-site", "user list", "user show", "project list", "project show", "extract list", "extract report",
    "grant list", "quota show", "policy list", "template list", "run list", "run show", "release list",
    "audit list", "audit access", "audit usage", "audit export", "audit status", "registry status", "completion",
}  # fmt: skip
"""Verbs that change nothing."""

SITE = "projects:\n  heart:\n    title: {en: The heart, zh: 心脏}\n"


def verbs(of: argparse.ArgumentParser, before: str = "") -> Iterator[str]:
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from verbs(inner, f"{before} {name}".strip())
            return
    yield before


class Life:
    """A site from its beginning to its end, a command at a time."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tmp, self.monkeypatch = tmp_path, monkeypatch
        self.seen: set[str] = set()
        self.reads = {verb for verb in verbs(parser()) if verb in READS}

    def records(self, url: str | None = None) -> list[AuditRecord]:
        engine = database.engine(url)
        with database.sessions(engine)() as session:
            verify(session)
            found = list(reversed(reading.records(session, limit=10_000)))
        engine.dispose()
        return found

    def __call__(
        self, line: str, *kinds: str, stdin: str = "", status: int = 0, url: str | None = None
    ) -> None:
        """Run a command; it must leave records of ``kinds``, by its person, among any others."""
        verb = next(each for each in sorted(verbs(parser()), key=len, reverse=True) if line.startswith(each))
        before = len(self.records(url)) if url is None else 0
        self.monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        assert main(line.split()) == status, line
        new = self.records(url)[before:]
        assert set(kinds) <= {record.kind for record in new}, (line, [record.kind for record in new])
        assert kinds or not new, line
        for record in new:
            if record.kind in kinds and "user" not in record.kind:
                assert record.source == "command", line
        self.seen.add(verb)


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


@pytest.fixture
def life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    for name, place in (("CARREL_DATA", "data"), ("CARREL_KEYS", "keys"), ("CARREL_CONFIG", "config")):
        folder(tmp_path / place).chmod(0o700)
        monkeypatch.setenv(name, str(tmp_path / place))
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("CARREL_ACTOR", "zhao-lei")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return Life(tmp_path, monkeypatch)


def held_source(good: Path, folder: Path) -> Path:
    """As ``good``, and held: a column of mobile numbers."""
    shutil.copytree(good, folder)
    dictionary = (good / "dictionary.yaml").read_text(encoding="utf-8")
    (folder / "dictionary.yaml").write_text(
        dictionary.replace("name: bloods", "name: phones", 1), encoding="utf-8"
    )
    rows = "".join(f"13{number:09d},131.5,,,,F\n" for number in range(800_000_000, 800_000_040))
    (folder / "bloods.csv").write_text("person,hb,drawn,at,fasting,sex\n" + rows)
    return folder


def test_every_change_leaves_its_record(
    life: Life, source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/registry.sqlite"
    database.upgrade(url)
    engine = database.engine(url)
    config = Config()
    config.set_main_option("script_location", "provisioning.registry:migrations")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
    life("registry upgrade", "registry-upgraded", url=url)
    assert [record.detail["before"] for record in life.records()] == ["0007"]
    good, held = source.folder, held_source(source.folder, tmp_path / "held")

    for name, role in (
        ("li-wei", "analyst"),
        ("zhao-lei", "admin"),
        ("sun-yan", "reviewer"),
        ("wu-fang", "auditor"),
    ):
        life(f"user create {name} --name {name} --role {role}", "account-changed")
    life("user set-roles li-wei analyst engineer", "account-changed")
    life("user set-password li-wei", "password-changed", stdin="a long password of 2026\n")
    life("user password li-wei", "password-changed")
    life("user reset-totp li-wei --enrol", "totp-enrolled")
    life("user reset-totp li-wei", "totp-reset")
    life("user unlock li-wei", "unlocked")
    life("user suspend li-wei", "account-changed")
    life("user resume li-wei", "account-changed")
    people = tmp_path / "people.csv"
    people.write_text("account,display_name,roles\nma-chao,马超,analyst\n", encoding="utf-8")
    life(f"user import {people} --passwords-out {tmp_path}/handed.json", "account-changed")

    life("project create heart --title-en H --title-zh 心", "project-changed")
    life("project create lung --title-en L --title-zh 肺", "project-changed")
    site = tmp_path / "site.yaml"
    site.write_text(SITE, encoding="utf-8")
    life(f"apply {site} --dry-run")
    life(f"apply {site}", "project-status")
    life(f"apply {site}")
    life("project set heart --approval-number A-1", "project-changed")
    life("project expire heart 2099-01-01", "project-changed")
    life("project add-member heart li-wei", "member-added")
    life("project suspend heart", "project-status")
    life("project resume heart", "project-status")
    life("quota set heart --cpu 3", "project-changed")
    life("policy set display_cells 5000", "registry-changed")
    life("policy unset display_cells", "registry-changed")

    life(f"extract register {good} --by zhao-lei", "extract-registered")
    life("extract verify")
    life(f"extract register {held} --by zhao-lei", "extract-registered", "extract-held")
    for finding in _holding(url):
        life(
            f"extract override phones@1 --finding {finding} --reason these-are-made-up --by sun-yan",
            "extract-overridden",
        )
    life("grant add heart bloods", "extract-granted")
    life("grant add heart phones", "extract-granted")
    life("grant revoke heart phones", "grant-revoked")
    life("extract withdraw phones@1", "extract-withdrawn")
    life(f"template publish {ROOT}/templates_nb/published/survival-cohort", "template-changed")
    life("template withdraw survival-cohort 1.0.0", "template-changed")

    life(f"audit anchor --out {tmp_path}/anchor.json", "audit-anchored")
    life(f"audit verify --anchor {tmp_path}/anchor.json", "audit-verified")
    life("audit prune")
    life(f"backup --to {tmp_path}/backup.tar.gz --without-keys", "backup-made")

    life("project remove-member heart li-wei", "member-removed")
    life("project close heart", "project-status")
    folder(tmp_path / "bags")
    for place in ("workspaces", "runs", "desks", "airlock"):
        (tmp_path / "data" / place).mkdir(exist_ok=True)
    life(f"project archive heart --to {tmp_path}/bags", "project-archived")
    manifest = next((tmp_path / "data/extracts").rglob(MANIFEST))
    manifest.parent.chmod(0o750)
    manifest.chmod(0o640)
    kept = manifest.read_bytes()
    manifest.write_bytes(kept + b" ")
    life("extract verify bloods", "extract-damaged", status=1)
    manifest.write_bytes(kept)
    life("project delete heart --confirm heart --extracts", "project-deleted", "extract-deleted")

    for name in ("CARREL_DATA", "CARREL_KEYS"):
        monkeypatch.setenv(name, str(folder(tmp_path / "new" / name)))
    new = f"sqlite:///{tmp_path}/new/registry.sqlite"
    monkeypatch.setenv("CARREL_REGISTRY_URL", new)
    life(f"restore --from {tmp_path}/backup.tar.gz --without-keys", "backup-restored", url=new)
    restored = life.records(new)[-1]
    assert restored.detail["path"].endswith("backup.tar.gz")

    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_records_no_update")
        connection.exec_driver_sql("UPDATE audit_records SET kind = 'sign-in' WHERE number = 3")
    monkeypatch.setenv("CARREL_REGISTRY_URL", url)
    monkeypatch.setenv("CARREL_KEYS", str(tmp_path / "keys"))
    assert main(["audit", "verify"]) == 1
    with database.sessions(engine)() as session:
        (broken,) = reading.records(session, kind="audit-broken")
    assert (broken.user, broken.detail) == ("zhao-lei", {"number": 3})
    engine.dispose()

    assert life.seen | READS == set(verbs(parser())), (
        "each verb changes something, or is named as one that does not"
    )


def _holding(url: str) -> list[str]:
    engine = database.engine(url)
    with database.sessions(engine)() as session:
        found = session.query(Extract).filter_by(name="phones").one()
        findings = found.manifest["gate"]["findings"]
    engine.dispose()
    held = [each["id"] for each in findings if each["severity"] == "blocking"]
    assert held, json.dumps(findings)
    return held
