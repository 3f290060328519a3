"""Every attribute of PS3.6 at once, and the files that pydicom is tested with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pydicom
import pytest
from dicom_files import ct, save
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from provisioning.gate.dicom import files
from provisioning.gate.dicom.deidentify import Deidentifier
from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import Action, Options, Profile, confidentiality, vr_of
from provisioning.gate.dicom.reasons import SUSPECTS
from provisioning.gate.dicom.treat import Treated, treat
from provisioning.gate.dicom.values import DUMMY_TEXT
from provisioning.gate.dicom.verify import Verification
from provisioning.gate.report import Severity

ALL = Options(modified_dates=True, descriptors=True)
NONE = Options()
MARK = "ZQMARKER"
VALUES: dict[str, Any] = {
    "AE": MARK,
    "AS": "058Y",
    "AT": 0x00280010,
    "CS": MARK,
    "DA": "20200310",
    "DS": "1.5",
    "DT": "20200310081530",
    "FD": 1.5,
    "FL": 1.5,
    "IS": "7",
    "LO": MARK,
    "LT": MARK,
    "OB": MARK.encode(),
    "OD": MARK.encode(),
    "OF": MARK.encode(),
    "OL": MARK.encode(),
    "OV": MARK.encode(),
    "OW": MARK.encode(),
    "PN": MARK,
    "SH": MARK,
    "SL": 7,
    "SS": 7,
    "ST": MARK,
    "SV": 7,
    "TM": "081530",
    "UC": MARK,
    "UI": "1.2.3.4711",
    "UL": 7,
    "UN": MARK.encode(),
    "UR": MARK,
    "US": 7,
    "UT": MARK,
    "UV": 7,
}


def everything(*, within: bool) -> Dataset:
    made = ct(NumberOfFrames=1)
    item = Dataset()
    item.PatientName, item.PatientComments = MARK, MARK
    for tag, entry in DicomDictionary.items():
        vr = entry[0].split(" ")[0]
        group = tag >> 16
        if group < 0x0008 or group >= 0x7FE0 or tag in made or tag & 0xFFFF == 0:
            continue
        if tag in (0x00080064, 0x00280301, 0x00280302) or 0x00181010 <= tag <= 0x00181023 or group == 0x0070:
            continue  # These set a file aside.
        if vr == "SQ":
            made[tag] = DataElement(tag, "SQ", Sequence([item]) if within else Sequence())
        elif vr in VALUES:
            made[tag] = DataElement(tag, vr, VALUES[vr])
    return made


def through(place: Path, source: Path, rules: ImagePolicy) -> Treated:
    return treat(
        "ct",
        source,
        place / "out",
        Deidentifier(rules, bytes(32), 365),
        lambda *row: None,
        lambda done, whole: None,
    )


def blocking(place: Path, made: Treated, rules: ImagePolicy) -> list[tuple[str, str | None, str | None]]:
    verification = Verification("ct", rules, bytes(32), 365, frozenset())
    found = verification.look(place / "out", made.produced, lambda done: None)
    return [
        (one.rule, one.column, one.kind)
        for one in found
        if one.severity is Severity.BLOCKING and one.rule != "admitted-suspect"
    ]


@pytest.mark.parametrize("options", [ALL, NONE])
def test_of_every_attribute_of_the_standard_what_may_stay_stays_and_nothing_else(
    tmp_path: Path, options: Options
) -> None:
    with files.quietly():
        source = everything(within=True)
        assert len(source) > 4_000
        save(tmp_path / "in" / "a", source)
        rules = ImagePolicy("patient", None, options)
        made = through(tmp_path, tmp_path / "in", rules)
        assert len(made.produced) == 1, made.set_aside
        written = pydicom.dcmread(tmp_path / "out" / made.produced[0].path)
        profile = Profile(options)
        for one in written:
            action = profile.action(int(one.tag))
            assert action is not Action.REMOVE or one.tag == 0x7FE00010, one.tag
            if action is Action.EMPTY:
                assert one.is_empty, one.tag
            if int(one.tag) in confidentiality() and action is not Action.CLEAN:
                assert MARK not in str(one.value), one.tag
        said = {vr_of(int(one.tag)) for one in written if one.VR != "SQ" and MARK in str(one.value)}
        assert said <= {"LO", "SH", "ST", "LT", "UC", "UT", "CS"}
        names = {str(one.value) for one in written.iterall() if one.VR == "PN"}
        assert names <= {"", "None", DUMMY_TEXT}
        assert blocking(tmp_path, made, rules) == []


def test_the_files_that_pydicom_is_tested_with_are_treated_or_set_aside(tmp_path: Path) -> None:
    rules = ImagePolicy("patient", "visit", ALL, admit={str(one): "a test" for one in SUSPECTS})
    folder = Path(pydicom.__file__).parent / "data"
    made = through(tmp_path, folder, rules)
    assert len(made.produced) > 50
    assert made.looked_at == len(made.produced) + sum(one.count for one in made.set_aside.values())
    assert blocking(tmp_path, made, rules) == []
    syntaxes = set()
    for one in made.produced:
        with files.opened(tmp_path / "out" / one.path) as opened:
            syntaxes.add(opened.outline.transfer_syntax)
    assert {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90"} <= syntaxes
