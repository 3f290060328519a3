"""Images through the `carrel` command: registered, held where suspects are admitted, overridden, verified."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dicom_files import POLICY, Folder, ct

from provisioning.command import main


@pytest.fixture
def carrel(registry_url: str, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    def run(*arguments: object) -> dict[str, Any]:
        status = main([*(str(one) for one in arguments), "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return dict(json.loads(said.out))

    return run


def test_admitted_suspects_wait_for_a_second_person(
    carrel: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "site.yaml").write_text(
        "accounts:\n"
        "  zhao-lei: {display_name: 赵磊, role: admin}\n"
        "  sun-yan: {display_name: 孙岩, role: reviewer}\n"
        "projects:\n  heart: {title: {en: Heart, zh: 心}}\n"
    )
    carrel("apply", tmp_path / "site.yaml", "--passwords-out", tmp_path / "passwords.json")
    folder = Folder(tmp_path / "place")
    folder.write(policy=POLICY + "    admit:\n      burned-in-annotation: {reason: marks of sides}\n")
    folder.add(ct(), "欧阳小明.dcm")
    folder.add(ct("M00002", BurnedInAnnotation="YES"))
    folder.add(ct("M00003", ConversionType="WSD"))
    made = carrel("extract", "register", folder.source, "--project", "heart", "--by", "zhao-lei")
    assert (made["status"], made["findings"]["blocking"]) == ("held", 1)
    report = carrel("extract", "report", "scans@1")
    assert "欧阳" not in str(report)
    listed = {(one["rule"], one["kind"]): one for one in report["gate"]["findings"]}
    assert listed["set-aside", "secondary-capture"]["count"] == 1
    held = listed["admitted-suspect", "burned-in-annotation"]
    reason = "side markers alone, looked at on the console"
    override = ("extract", "override", "scans@1", "--finding", held["id"], "--reason", reason, "--by")
    assert main([*override, "zhao-lei"]) != 0
    assert carrel(*override, "sun-yan")["status"] == "verified"
    assert carrel("extract", "verify", "scans@1") == {"verified": ["scans@1"]}
    carrel("grant", "add", "heart", "scans@1")
    (path, *_) = (tmp_path / "data" / "extracts" / "scans" / "v1").rglob("*.dcm")
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")
    assert main(["extract", "verify", "scans@1"]) != 0
