"""Attacks: who someone is, hidden in attributes that look harmless."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from dicom_files import Folder, ct, findings, holding, set_aside
from dicom_hostile import element
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from provisioning.gate.dicom.profile import EDITION, Action, Options, Profile, allowed, confidentiality


def test_a_name_in_any_attribute_that_the_table_does_not_let_stay_is_gone(folder: Folder) -> None:
    source = ct()
    source.PatientComments = source.ImageComments = "欧阳小明"
    source.OtherPatientNames, source.PatientAddress = "欧阳^阿明", "青山县人民路七号"
    source.OperatorsName, source.RequestingPhysician = "上官^技师", "司马^大夫"
    source.DetectorDescription = "mobile 13912345678"
    source.PatientTelephoneNumbers, source.MilitaryRank = "13912345678", "Colonel"
    private = source.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    private.add_new(0x10, "LO", "欧阳小明")
    private.add_new(0x11, "OB", "欧阳小明".encode("gb18030"))
    folder.add(source)
    made = folder.register()
    assert made.manifest.verified, holding(made)
    (path,) = folder.files(made)
    content = path.read_bytes()
    for word in ("欧阳", "小明", "上官", "司马", "青山", "13912345678", "Colonel", "SIEMENS CSA", "M00001"):
        for encoding in ("utf-8", "gb18030"):
            assert word.encode(encoding) not in content, word
    assert not any(one.tag.is_private for one in dcmread(path).iterall())


def test_names_within_nested_sequences_are_gone(folder: Folder) -> None:
    source, code, inner = ct(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113", "99LOCAL"
    code.CodeMeaning = "Chest of 欧阳小明, 13912345678"
    inner.PatientName, inner.PatientID, inner.CodeMeaning = "欧阳^小明", "M00001", "Lung"
    inner.PersonName, inner.InstitutionName = "司马^大夫", "青山县人民医院"
    code.AnatomicRegionModifierSequence = Sequence([inner])
    source.AnatomicRegionSequence = Sequence([code])
    folder.add(source)
    made = folder.register()
    assert made.manifest.verified, holding(made)
    content = folder.files(made)[0].read_bytes()
    assert b"Lung" in content
    for word in ("欧阳", "小明", "司马", "青山"):
        assert word.encode() not in content
    assert b"13912345678" not in content


@pytest.mark.parametrize(
    "charset", [None, "ISO_IR 100", "ISO_IR 192", "GB18030", ["ISO_IR 100", "ISO 2022 IR 58"]]
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_name_under_a_false_character_set_does_not_pass_as_letters(
    folder: Folder, charset: Any, encoding: str
) -> None:
    source = ct(PatientName="Smith^J", ReferringPhysicianName="", InstitutionName="")
    if charset is None:
        del source.SpecificCharacterSet
        for keyword in ("StudyDescription",):
            delattr(source, keyword)
    else:
        source.SpecificCharacterSet = charset
    source.StudyDescription = "张伟复查".encode(encoding)
    made = folder.one(source)
    honest = (charset, encoding) in (("ISO_IR 192", "utf-8"), ("GB18030", "gb18030"))
    if honest:
        assert made.StudyDescription
    else:
        assert not made.StudyDescription


def test_empty_attributes_are_no_faults(folder: Folder) -> None:
    source = ct(EchoTrainLength=None, KVP=None)
    folder.add(source)
    made = folder.register()
    assert not [one for one in findings(made) if one["rule"] == "value-not-of-its-type"]
    assert made.manifest.verified, holding(made)


def test_a_value_of_another_type_than_its_attribute_is_left_out(folder: Folder) -> None:
    source = ct()
    del source.SliceThickness, source.KVP
    path = folder.add(source)
    content = path.read_bytes()
    at = content.index(b"\x18\x00\x00\x51CS")  # Patient Position: the attributes before it, anew
    planted = element(0x00180050, b"LO", b"Zhang San ") + element(0x00180060, b"DS", b"13912345678 ")
    # Their place in the order of tags is before (0018,1000).
    place = content.index(b"\x18\x00\x00\x10LO")
    assert place < at
    path.write_bytes(content[:place] + planted + content[place:])
    made = folder.register()
    assert made.manifest.verified, holding(made)
    written = folder.files(made)[0].read_bytes()
    assert b"Zhang" not in written
    assert b"13912345678" not in written


def test_codes_that_are_names_are_left_out(folder: Folder) -> None:
    source = ct(PatientName="RUMPELSTILZ^ANNA", BodyPartExamined="RUMPELSTILZ")
    assert "BodyPartExamined" not in folder.one(source)


def test_the_table_is_the_standards_and_everything_unnamed_is_removed() -> None:
    assert EDITION == "PS3.15 2026c"
    assert len(confidentiality()) == 652
    assert not allowed() & set(confidentiality())
    profile = Profile(Options(modified_dates=True, descriptors=True))
    for tag, action in {
        0x00100010: Action.OWN,
        0x00100030: Action.EMPTY,
        0x00100040: Action.EMPTY,
        0x00101010: Action.REMOVE,
        0x00080020: Action.SHIFT,
        0x00081030: Action.CLEAN,
        0x00080018: Action.UID,
        0x00080080: Action.DUMMY,
        0x00280030: Action.KEEP,
        0x00081140: Action.KEEP,
        0x00104000: Action.REMOVE,
        0x00291010: Action.REMOVE,
        0x60003000: Action.REMOVE,
        0x50003000: Action.REMOVE,
        0x00080000: Action.REMOVE,
        0x00420011: Action.REMOVE,
        0x7FE00008: Action.REMOVE,
        0x12345678: Action.REMOVE,
    }.items():
        assert profile.action(tag) is action, hex(tag)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LI^WEI", "wei li, thorax"),
        ("LI^WEI", "Thorax LIWEI"),
        ("LI^WEI", "Li Wei thorax"),
        ("LI^WEI", "Thorax of Wei"),
        ("van der Berg^Jan Piet", "berg thorax"),
        ("Smith^Anna=张^三=", "张三胸部"),
    ],
)
def test_parts_of_names_and_either_order_are_taken_out(folder: Folder, name: str, said: str) -> None:
    source = ct(PatientName=name, ReferringPhysicianName="", InstitutionName="", SeriesDescription=said)
    left = folder.one(source).SeriesDescription.casefold()
    assert "[removed]" in left
    assert not any(word in left for word in ("wei", "liwei", "berg", "张三"))


def test_underscores_join_words_that_are_taken_out(folder: Folder) -> None:
    made = folder.one(ct(StationName="QS_CT_0007", SeriesDescription="Thorax_QS_CT_0007"))
    assert made.SeriesDescription == "Thorax_[removed]"


def test_letters_of_a_nested_description_stay(folder: Folder) -> None:
    source, code = ct(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "113", "99LOCAL", "右肺上叶"
    source.AnatomicRegionSequence = Sequence([code])
    assert folder.one(source).AnatomicRegionSequence[0].CodeMeaning == "右肺上叶"


def test_a_number_that_is_the_patients_is_left_out_and_measures_stay(folder: Folder) -> None:
    source = ct("48828125", PixelSpacing=["0.48828125", "0.48828125"], RescaleSlope="48828125")
    made = folder.one(source)
    assert "RescaleSlope" not in made
    assert [float(one) for one in made.PixelSpacing] == [0.48828125, 0.48828125]


def test_a_name_in_the_bytes_of_numbers_is_left_out(folder: Folder) -> None:
    source = ct()
    name = "欧阳小明".encode("gb18030")
    source.EnergyWindowVector = list(struct.unpack("<4H", name))
    source.DetectorVector = [1, 1, 1, 1]
    folder.add(source)
    made = folder.register()
    content = folder.files(made)[0].read_bytes()
    assert name not in content
    assert folder.datasets(made)[0].DetectorVector == [1, 1, 1, 1]


def test_names_and_values_without_number_cost_no_time(folder: Folder) -> None:
    folder.add(ct(), "a")
    folder.add(ct("M00002", OperatorsName="\\".join(f"Person{n}^X" for n in range(3_000))), "b")
    many = ct("M00003")
    many.add_new(0x00181065, "DS", ["1"] * 600_000)
    folder.add(many, "c")
    made = folder.register()
    assert set_aside(made) == {"out-of-bounds": [2]}
    assert len(folder.files(made)) == 2
    assert not any("FrameTimeVector" in one for one in folder.datasets(made))
