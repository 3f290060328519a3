"""Registering a hostile folder: killed, unreadable, warned about, admitted by a policy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from dicom_files import POLICY, Folder, ct, findings, holding, set_aside

from provisioning.extracts.manifest import verify


def test_a_folder_without_an_image_that_may_stay_is_refused(folder: Folder) -> None:
    folder.add(ct(BurnedInAnnotation="YES"))
    assert "burned-in-annotation 1" in folder.refused()


def test_what_a_policy_admits_holds_the_extract_until_a_second_person_agrees(folder: Folder) -> None:
    folder.write(policy=POLICY + "    admit:\n      burned-in-annotation: {reason: the marks are sides}\n")
    folder.add(ct(), "a")
    folder.add(ct("M00002", BurnedInAnnotation="YES"), "b")
    folder.add(ct("M00003", Modality="OT"), "c")
    made = folder.register()
    assert set_aside(made) == {"modality": [3]}
    assert len(folder.files(made)) == 2
    assert holding(made) == [("admitted-suspect", "burned-in-annotation", None)]
    (held,) = findings(made, "blocking")
    assert (held["count"], held["reason"]) == (1, "the marks are sides")


KILLED = """
import importlib, os, signal, sys
from pathlib import Path
from provisioning.extracts.register import register
source, module, name, times = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
place = importlib.import_module(module)
for part in name.split(".")[:-1]:
    place = getattr(place, part)
name = name.split(".")[-1]
real = getattr(place, name)
def dying(*given, **named):
    global times
    times -= 1
    if not times:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*given, **named)
setattr(place, name, dying)
register(source / "source", source / "source/dictionary.yaml", source / "source/policy.yaml",
         source / "data/extracts", project="heart")
"""


@pytest.mark.parametrize(
    ("module", "name", "times"),
    [
        ("provisioning.gate.dicom.files", "write", 1),
        ("provisioning.gate.dicom.pixels", "copy", 3),
        ("provisioning.gate.dicom.verify", "Verification._file", 2),
        ("provisioning.gate.dicom.index", "by_file", 1),
        ("provisioning.gate.dicom.index", "Index.to_series", 1),
        ("provisioning.extracts.register", "_file", 2),
        ("provisioning.extracts.register", "_sync_all", 1),
    ],
)
def test_a_registration_that_is_killed_leaves_nothing_and_the_next_is_whole(
    folder: Folder, module: str, name: str, times: int
) -> None:
    for number in range(3):
        folder.add(ct(number=number))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder.root), module, name, str(times)],
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == -signal.SIGKILL
    assert not list(folder.root.glob("data/extracts/scans/v*"))
    made = folder.register()
    assert len(folder.files(made)) == 3
    verify(folder.folder(made), made.manifest.digest)
    assert not list(folder.root.glob("data/extracts/scans/.making-*"))


def test_images_that_this_account_may_not_read_are_refused_without_their_names(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.add(ct(), "a")
    folder.add(ct("M00002"), "欧阳小明")
    real = os.open

    def denied(path: Any, *given: Any, **named: Any) -> int:
        if str(path).endswith("小明"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *given, **named)

    monkeypatch.setattr(os, "open", denied)
    said = folder.refused()
    assert "A file among the images cannot be read: Permission denied" in said
    assert "小明" not in said


def test_pydicoms_warnings_which_quote_values_are_not_heard(
    folder: Folder, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    source = ct(SpecificCharacterSet="ISO_IR 999")
    source.BodyPartExamined = "ouyang xiaoming"
    source.StudyDescription = "欧阳小明".encode("gb18030")
    folder.add(source)
    caplog.clear()
    capfd.readouterr()
    folder.register()
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
