"""Verification does not believe treatment: every file that was made is spoilt here, and must be found out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dicom_files import ct, pixels, save
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from provisioning.gate.dicom import files
from provisioning.gate.dicom.deidentify import Deidentifier
from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import Options
from provisioning.gate.dicom.treat import Treated, treat
from provisioning.gate.dicom.verify import MESSAGES, Verification
from provisioning.gate.report import Finding, Severity

RULES = ImagePolicy("patient", "visit", Options(modified_dates=True, descriptors=True))
KEY = bytes(range(32))


def treated(place: Path, *sources: Dataset, rules: ImagePolicy = RULES) -> Treated:
    for number, source in enumerate(sources):
        save(place / "in" / f"{number:03}", source)
    return treat(
        "ct",
        place / "in",
        place / "out",
        Deidentifier(rules, KEY, 365),
        lambda *row: None,
        lambda done, whole: None,
    )


def look(place: Path, made: Treated, rules: ImagePolicy = RULES, key: bytes = KEY) -> list[Finding]:
    verification = Verification("ct", rules, key, 365, frozenset())
    return verification.look(place / "out", made.produced, lambda done: None)


def found(place: Path, made: Treated, **how: Any) -> set[tuple[str, str | None]]:
    blocking = [one for one in look(place, made, **how) if one.severity is Severity.BLOCKING]
    return {(one.rule, (one.column or "").rpartition(" ")[2] or None) for one in blocking}


def spoilt(change: Callable[[Dataset], Any]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with files.quietly():
            dataset = dcmread(path)
            change(dataset)
            dataset.save_as(path, enforce_file_format=True)

    return spoil


def put(**values: Any) -> Callable[[Path], None]:
    return spoilt(lambda dataset: [setattr(dataset, key, value) for key, value in values.items()])


def nested(dataset: Dataset) -> None:
    item = Dataset()
    item.PatientName, item.CodeMeaning = "欧阳^小明", "Lung 13912345678"
    dataset.AnatomicRegionSequence = Sequence([item])


def nested_own(dataset: Dataset) -> None:
    item, code = Dataset(), Dataset()
    code.CodeMeaning = "x"
    item.PatientID, item.AccessionNumber, item.PatientSex = "M00001", "AM00001", "M"
    item.DeidentificationMethodCodeSequence = Sequence([code])
    dataset.AnatomicRegionSequence = Sequence([item])


def in_method_codes(dataset: Dataset) -> None:
    dataset.DeidentificationMethodCodeSequence[0].CodeMeaning = "欧阳小明"


def private(dataset: Dataset) -> None:
    dataset.private_block(0x0029, "ACME", create=True).add_new(0x10, "LO", "x")


def overlay(dataset: Dataset) -> None:
    dataset.add_new(0x60003000, "OW", b"\0\0")


def high_bits(dataset: Dataset) -> None:
    dataset.PixelData = b"\x00\xf0" + dataset.PixelData[2:]


def more_pixels(dataset: Dataset) -> None:
    dataset.PixelData = dataset.PixelData + b"name"


def meta(dataset: Dataset) -> None:
    dataset.file_meta.SourceApplicationEntityTitle = "QSCT0007"


def other_meta(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"CARREL", b"OUYANG", 1))


def preamble(path: Path) -> None:
    path.write_bytes(b"OUYANG".ljust(128, b"\0") + path.read_bytes()[128:])


def tail(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"OUYANG")


def element_after_pixels(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0name")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def gone(path: Path) -> None:
    path.unlink()


def linked(path: Path) -> None:
    target = path.with_suffix(".elsewhere")
    path.rename(target)
    path.symlink_to(target)


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        (put(PatientName="x"), ("dicom-value", "PatientName")),
        (put(ReferringPhysicianName="x"), ("dicom-value", "ReferringPhysicianName")),
        (put(PatientBirthDate="19610203"), ("dicom-value", "PatientBirthDate")),
        (put(InstitutionName="A hospital"), ("dicom-value", "InstitutionName")),
        (put(PatientAge="058Y"), ("dicom-tag", "PatientAge")),
        (put(PatientAddress="x"), ("dicom-tag", "PatientAddress")),
        (put(PatientComments="x"), ("dicom-tag", "PatientComments")),
        (put(EncapsulatedDocument=b"%PDF"), ("dicom-tag", "EncapsulatedDocument")),
        (put(TextValue="x"), ("dicom-tag", "TextValue")),
        (spoilt(private), ("dicom-private", "(0029,0010)")),
        (spoilt(overlay), ("dicom-tag", "OverlayData")),
        (put(SOPClassUID="1.2.840.10008.5.1.4.1.1.2.13912345678"), ("dicom-uid", "SOPClassUID")),
        (put(FrameOfReferenceUID=generate_uid()), ("dicom-uid", "FrameOfReferenceUID")),
        (put(FrameOfReferenceUID="2.25.13912345678"), ("dicom-uid", "FrameOfReferenceUID")),
        (put(StudyDate="20200310"), ("dicom-date", "StudyDate")),
        (put(AcquisitionDateTime="20200310081530"), ("dicom-date", "AcquisitionDateTime")),
        (put(PatientID="M00001"), ("dicom-pseudonym", "PatientID")),
        (put(PatientID="p" + "0" * 32), ("dicom-pseudonym", "PatientID")),
        (put(AccessionNumber="AM00001"), ("dicom-pseudonym", "AccessionNumber")),
        (put(PatientIdentityRemoved="NO"), ("dicom-mark", "PatientIdentityRemoved")),
        (put(DeidentificationMethod="none"), ("dicom-mark", "DeidentificationMethod")),
        (put(LongitudinalTemporalInformationModified="UNMODIFIED"), ("dicom-mark", "LongitudinalTemporalInformationModified")),
        (put(SpecificCharacterSet="GB18030"), ("dicom-mark", "SpecificCharacterSet")),
        (spoilt(in_method_codes), ("dicom-mark", "DeidentificationMethodCodeSequence")),
        (put(SeriesDescription="Thorax 13912345678"), ("identifier-content", "SeriesDescription")),
        (put(SeriesDescription="胸部 欧阳小明"), ("source-identifier", "SeriesDescription")),
        (put(SeriesDescription="of QSCT0007"), ("source-identifier", "SeriesDescription")),
        (put(Manufacturer="M00001"), ("source-identifier", "Manufacturer")),
        (put(RescaleSlope="13912345678"), ("identifier-content", "RescaleSlope")),
        (spoilt(nested), ("dicom-tag", "PatientName")),
        (spoilt(nested), ("identifier-content", "CodeMeaning")),
        (spoilt(nested_own), ("dicom-tag", "PatientID")),
        (spoilt(nested_own), ("dicom-tag", "AccessionNumber")),
        (spoilt(nested_own), ("dicom-tag", "DeidentificationMethodCodeSequence")),
        (put(AccessionNumber="p123456789abcdef"), ("dicom-pseudonym", "AccessionNumber")),
        (spoilt(high_bits), ("dicom-pixels", None)),
        (spoilt(more_pixels), ("dicom-pixels", None)),
        (put(Rows=5), ("dicom-pixels", None)),
        (spoilt(meta), ("dicom-meta", None)),
        (other_meta, ("dicom-meta", None)),
        (preamble, ("dicom-preamble", None)),
        (tail, ("dicom-trailing", None)),
        (element_after_pixels, ("dicom-trailing", None)),
        (cut, ("dicom-damaged", None)),
        (gone, ("dicom-damaged", None)),
        (linked, ("dicom-damaged", None)),
    ],
)  # fmt: skip
def test_what_treatment_would_leave_is_found(
    tmp_path: Path, spoil: Callable[[Path], None], finding: tuple[str, str | None]
) -> None:
    made = treated(tmp_path, ct(number=1), ct(number=2))
    assert found(tmp_path, made) == set()
    spoil(tmp_path / "out" / made.produced[1].path)
    assert finding in found(tmp_path, made)
    (one,) = [
        one
        for one in look(tmp_path, made)
        if one.rule == finding[0] and (one.column or "").rpartition(" ")[2] == (finding[1] or "")
    ]
    assert (one.count, one.positions) == (1, (2,))
    assert one.message == MESSAGES[one.rule]


def test_findings_hold_no_value(tmp_path: Path) -> None:
    made = treated(tmp_path, ct())
    put(SeriesDescription="欧阳小明 13912345678", PatientID="M00001", Manufacturer="上官技师")(
        tmp_path / "out" / made.produced[0].path
    )
    said = str([one.document() for one in look(tmp_path, made)])
    assert not any(word in said for word in ("欧阳", "小明", "139", "M00001", "上官"))


def test_files_of_another_project_are_found(tmp_path: Path) -> None:
    made = treated(tmp_path, ct())
    assert ("dicom-pseudonym", "PatientID") in found(tmp_path, made, key=bytes(32))


def test_a_file_under_another_name_is_found(tmp_path: Path) -> None:
    made = treated(tmp_path, ct(number=1), ct(number=2))
    first, second = (tmp_path / "out" / one.path for one in made.produced)
    content = first.read_bytes()
    os.replace(second, first)
    second.write_bytes(content)
    assert ("dicom-name", None) in found(tmp_path, made)


def test_bare_names_in_a_column_of_descriptions_are_found(tmp_path: Path) -> None:
    made = treated(tmp_path, *(ct(f"M{number:05}") for number in range(40)))
    names = [f"{one}{two}" for one in "王李张刘陈杨赵黄" for two in ("小燕", "志强", "建国", "秀英", "丽娟")]
    for one, name in zip(made.produced, names, strict=True):
        put(SeriesDescription=name)(tmp_path / "out" / one.path)
    assert ("identifier-content", "SeriesDescription") in found(tmp_path, made)


def test_suspects_that_were_let_through_are_found(tmp_path: Path) -> None:
    lenient = ImagePolicy("patient", "visit", RULES.options, admit={"burned-in-annotation": "a test"})
    made = treated(tmp_path, ct(BurnedInAnnotation="YES"), rules=lenient)
    assert found(tmp_path, made, rules=lenient) == {("admitted-suspect", None)}
    assert ("suspect-pixels", None) in found(tmp_path, made)


def test_a_head_is_noted(tmp_path: Path) -> None:
    made = treated(tmp_path, ct(BodyPartExamined="HEAD"))
    (one,) = look(tmp_path, made)
    assert (one.rule, one.severity, one.count) == ("head", Severity.NOTE, 1)


def test_a_policy_explains_a_date(tmp_path: Path) -> None:
    reason = "The vendor's protocol names"
    lenient = ImagePolicy("patient", "visit", RULES.options, expected={("SeriesDescription", "date"): reason})
    made = treated(tmp_path, ct())
    put(SeriesDescription="Thorax of 2020-03-10")(tmp_path / "out" / made.produced[0].path)
    (one,) = look(tmp_path, made, rules=lenient)
    assert (one.severity, one.reason) == (Severity.EXPLAINED, reason)


def test_many_frames_are_read_block_by_block(tmp_path: Path) -> None:
    source = ct(SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1")
    pixels(source, rows=512, columns=512, frames=12)
    made = treated(tmp_path, source)
    assert found(tmp_path, made) == set()
    assert dcmread(tmp_path / "out" / made.produced[0].path).PixelData == source.PixelData
