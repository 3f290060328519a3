"""Attacks: files that are no images, that lie about their lengths, that hide who someone is."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from dicom_files import POLICY, Folder, ct, findings, holding, save, set_aside
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian

from provisioning.extracts.manifest import verify
from provisioning.gate.dicom import files
from provisioning.gate.dicom.deidentify import Deidentifier
from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import EDITION, Action, Options, Profile, allowed, confidentiality
from provisioning.gate.dicom.reasons import Reason, SetAside
from provisioning.gate.dicom.structure import DEEPEST
from provisioning.gate.dicom.treat import treat
from provisioning.gate.dicom.verify import Verification

RULES = ImagePolicy("patient", "visit", Options(modified_dates=True, descriptors=True))
KEY = bytes(range(32))
STORAGE = "1.2.840.10008.5.1.4.1.1."
EXPLICIT_START = b"\0" * 128 + b"DICM" + b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"


def reason_of(content: bytes) -> Reason | None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        try:
            with files.opened(Path(file.name)):
                return None
        except SetAside as aside:
            return aside.reason


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    if vr in (b"SQ", b"OB", b"OW", b"UN", b"UT"):
        return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned-in-annotation"),
        ({"BurnedInAnnotation": ""}, "burned-in-annotation"),
        ({"RecognizableVisualFeatures": "YES"}, "recognizable-features"),
        ({"Modality": "OT"}, "modality"),
        ({"Modality": "XC"}, "photograph"),
        ({"SOPClassUID": STORAGE + "7"}, "secondary-capture"),
        ({"SOPClassUID": STORAGE + "6.1", "Modality": "US"}, "ultrasound"),
        ({"SOPClassUID": STORAGE + "77.1.4", "Modality": "XC"}, "photograph"),
        ({"ConversionType": "WSD"}, "secondary-capture"),
        ({"SecondaryCaptureDeviceManufacturer": "Scanner"}, "secondary-capture"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "image-type"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "SCREEN SAVE"]}, "image-type"),
        ({"ImageType": ["DERIVED", "PRIMARY", "DOSE_INFO"]}, "image-type"),
        ({"ImageType": ""}, "image-type"),
        ({"Manufacturer": ""}, "no-manufacturer"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "colour"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour"),
        ({"SOPClassUID": STORAGE + "104.1"}, "not-an-image"),
        ({"SOPClassUID": STORAGE + "88.11"}, "not-an-image"),
        ({"SOPClassUID": STORAGE + "9.1.1"}, "not-an-image"),
        ({"SOPClassUID": STORAGE + "11.1"}, "not-an-image"),
        ({"SOPClassUID": STORAGE + "66"}, "not-an-image"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, "not-an-image"),
        ({"SOPClassUID": "1.2.3.4.5"}, "not-an-image"),
        ({"PatientID": ""}, "no-patient"),
        ({"PatientID": "M1\\M2"}, "no-patient"),
        ({"Rows": 700}, "pixel-data"),
        ({"Rows": 0}, "pixel-data"),
        ({"HighBit": 15}, "pixel-data"),
        ({"BitsAllocated": 12}, "pixel-data"),
        ({"PixelRepresentation": 32}, "pixel-data"),
        ({"SeriesInstanceUID": ""}, "damaged"),
        ({"SeriesInstanceUID": "../../../etc/x"}, "damaged"),
    ],
)
def test_what_may_show_or_hold_identifiers_is_set_aside(
    folder: Folder, change: dict[str, Any], reason: str
) -> None:
    folder.add(ct(), "a")
    folder.add(ct("M00002", **change), "b")
    made = folder.register()
    assert set_aside(made) == {reason: [2]}
    assert len(folder.files(made)) == 1
    assert made.manifest.verified, holding(made)


def test_overlays_are_removed_and_those_in_the_pixels_set_aside(folder: Folder) -> None:
    plane, embedded = ct(), ct("M00002")
    plane.add_new(0x60000010, "US", 6)
    plane.add_new(0x60000011, "US", 5)
    plane.add_new(0x60000022, "LO", "欧阳小明")
    plane.add_new(0x60000102, "US", 0)
    plane.add_new(0x60003000, "OW", b"\xff\xff\xff\xff")
    embedded.add_new(0x60020010, "US", 6)
    embedded.add_new(0x60020102, "US", 12)
    folder.add(plane, "a")
    folder.add(embedded, "b")
    made = folder.register()
    assert set_aside(made) == {"overlay-in-pixels": [2]}
    (one,) = folder.datasets(made)
    assert not [tag for tag in one.keys() if tag.group == 0x6000]  # noqa: SIM118 - a Dataset


def test_bits_beyond_those_of_the_image_are_cleared(folder: Folder) -> None:
    source = ct()
    source.PixelData = struct.pack("<30H", *([0xF123] * 30))
    assert folder.one(source).PixelData == struct.pack("<30H", *([0x0123] * 30))


def test_signed_pixels_keep_their_sign(folder: Folder) -> None:
    source = ct(PixelRepresentation=1)
    source.PixelData = struct.pack("<30h", *([-5, 7] * 15))
    assert folder.one(source).PixelData == source.PixelData


def test_what_follows_the_pixels_and_the_preamble_are_gone(folder: Folder) -> None:
    source = ct()
    source.PixelData = source.PixelData + b"OUYANG XIAOMING!"
    path = folder.add(source, preamble=b"OUYANG".ljust(128, b"!"))
    path.write_bytes(path.read_bytes() + b"OUYANG in the tail")
    made = folder.register()
    assert made.manifest.verified, holding(made)
    content = folder.files(made)[0].read_bytes()
    assert content[:128] == b"\0" * 128
    assert b"OUYANG" not in content


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


JPEG = (
    b"\xff\xd8"
    + segment(0xE1, b"Exif OUYANG")
    + segment(0xFE, b"OUYANG XIAOMING")
    + segment(0xDB, bytes(65))
    + segment(0xC1, b"\x0c\0\x06\0\x05\x01\x01\x11\0")
    + segment(0xC4, bytes(20))
    + segment(0xDA, b"\x01\x01\0\0\x3f\0")
    + b"\x12\xff\x00\x34\xff\xd0\x56"
    + b"\xff\xd9"
    + b"OUYANG behind the end"
)
JPEG_2000 = (
    b"\xff\x4f"
    + segment(0x51, bytes(39))
    + segment(0x64, b"\0\x01OUYANG")
    + segment(0x52, bytes(10))
    + segment(0x5C, bytes(20))
    + b"\xff\x90\x00\x0a\x00\x00\x00\x00\x00\x12\x00\x01\xff\x93\x11\x22\x33\x44"
    + b"\xff\xd9OUYANG"
)


@pytest.mark.parametrize(
    ("syntax", "content"), [("1.2.840.10008.1.2.4.51", JPEG), ("1.2.840.10008.1.2.4.90", JPEG_2000)]
)
def test_comments_and_tails_of_compressed_pixels_are_gone(
    folder: Folder, syntax: str, content: bytes
) -> None:
    source = ct()
    source.PixelData = encapsulate([content])
    source["PixelData"].VR = "OB"
    source["PixelData"].is_undefined_length = True
    folder.add(source, syntax=syntax)
    made = folder.register()
    assert made.manifest.verified, holding(made)
    (path,) = folder.files(made)
    assert b"OUYANG" not in path.read_bytes()
    assert dcmread(path).file_meta.TransferSyntaxUID == syntax


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", JPEG[:60], b"PDF", b"\xff\xd8\xff\xd8", JPEG_2000[:40]]
)
def test_compressed_pixels_that_are_none_are_set_aside(folder: Folder, content: bytes) -> None:
    folder.add(ct(), "a")
    for number, syntax in enumerate(("1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.90")):
        source = ct(f"N{number}")
        source.PixelData = encapsulate([content.ljust(2)])
        source["PixelData"].VR = "OB"
        source["PixelData"].is_undefined_length = True
        folder.add(source, f"b{number}", syntax=syntax)
    assert set_aside(folder.register()) == {"pixel-data": [2, 3]}


def test_run_lengths_become_native_pixels(folder: Folder) -> None:
    source, plain = ct(), ct().PixelData
    source.file_meta = FileMetaDataset()
    source.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    source.compress("1.2.840.10008.1.2.5", encoding_plugin="pydicom")
    made = folder.one(source, syntax="1.2.840.10008.1.2.5")
    assert made.PixelData == plain
    assert made.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_files_that_are_no_dicom_are_set_aside_by_place_never_by_name(folder: Folder) -> None:
    folder.add(ct(), "a")
    (folder.images / "b-欧阳小明.pdf").write_bytes(b"%PDF-1.7 ouyang")
    (folder.images / "c").write_bytes(b"")
    (folder.images / "d").symlink_to("/etc/passwd")
    os.mkfifo(folder.images / "e")
    (folder.images / "f.zip").write_bytes(b"PK\x03\x04" + bytes(400))
    made = folder.register()
    assert set_aside(made) == {"not-dicom": [2, 3, 4, 5, 6]}
    assert "欧阳" not in str(made.manifest.document)


def test_encodings_that_swell_or_are_not_read_are_set_aside(folder: Folder) -> None:
    folder.add(ct(), "a")
    folder.add(ct("M2"), "b", syntax=ExplicitVRBigEndian)
    folder.add(ct("M3"), "c", syntax=DeflatedExplicitVRLittleEndian)
    bomb = zlib.compress(bytes(50_000_000))[2:-4]
    start = EXPLICIT_START.replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x16\x001.2.840.10008.1.2.1.99")
    (folder.images / "d").write_bytes(start + bomb)
    assert set_aside(folder.register()) == {"transfer-syntax": [2, 3, 4]}


def test_one_instance_twice_is_set_aside(folder: Folder) -> None:
    folder.add(ct(), "a")
    folder.add(ct(SeriesDescription="another"), "b")
    assert set_aside(folder.register()) == {"duplicate": [2]}


def test_a_folder_without_an_image_that_may_stay_is_refused(folder: Folder) -> None:
    folder.add(ct(BurnedInAnnotation="YES"))
    assert "burned-in-annotation 1" in folder.refused()


def nested(depth: int, *, undefined: bool) -> bytes:
    inner = b""
    for _ in range(depth):
        if undefined:
            item = (
                struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
                + inner
                + struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
            )
            body = item + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
            inner = struct.pack("<HH2sHL", 0x0008, 0x2218, b"SQ", 0, 0xFFFFFFFF) + body
        else:
            inner = element(0x00082218, b"SQ", struct.pack("<HHL", 0xFFFE, 0xE000, len(inner)) + inner)
    return EXPLICIT_START + inner


@pytest.mark.parametrize("undefined", [True, False])
def test_nesting_has_a_bound(undefined: bool) -> None:
    assert reason_of(nested(DEEPEST, undefined=undefined)) is None
    assert reason_of(nested(DEEPEST + 1, undefined=undefined)) is Reason.OUT_OF_BOUNDS
    assert reason_of(nested(3_000, undefined=undefined)) is Reason.OUT_OF_BOUNDS


def test_a_file_cannot_have_one_outline_for_the_scan_and_another_for_the_reader() -> None:
    start = EXPLICIT_START.replace(b"UI\x14\x001.2.840.10008.1.2.1\0", b"UI\x12\x001.2.840.10008.1.2\0")
    # Explicit in fact: read as implicit, the first element is some 17 kB long.
    explicit = element(0x00080005, b"CS", b"") + element(0x00080060, b"CS", b"CT")
    assert b"CS\0\0" in explicit
    assert reason_of(start + explicit + bytes(20_000)) is Reason.DAMAGED
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(explicit)) + explicit
    within = struct.pack("<HHL", 0x0008, 0x2218, len(item)) + item
    assert reason_of(start + within) is Reason.DAMAGED


def test_the_number_of_elements_and_the_header_have_bounds() -> None:
    items = struct.pack("<HHL", 0xFFFE, 0xE000, 0) * 500_000
    assert reason_of(EXPLICIT_START + element(0x00082218, b"SQ", items)) is Reason.OUT_OF_BOUNDS
    big = element(0x0040A160, b"UT", b"a" * 40_000_000)
    assert reason_of(EXPLICIT_START + big) is Reason.OUT_OF_BOUNDS


@pytest.mark.parametrize(
    "content",
    [
        element(0x00080060, b"CS", b"CT")[:-1],
        struct.pack("<HH2sHL", 0x0040, 0xA160, b"UT", 0, 0xFFFFFFF0) + b"short",
        element(0x00080070, b"LO", b"GE") + element(0x00080060, b"CS", b"CT"),
        element(0x00080060, b"CS", b"CT") * 2,
        element(0x00080060, b"QQ", b"CT"),
        element(0x00020010, b"UI", b"1.2 ")
        + element(0x00080060, b"CS", b"CT")
        + element(0x00020010, b"UI", b"1."),
        element(0x00082218, b"SQ", b"\xfe\xff\x00\xe0\xff\x00\x00\x00"),
        element(0x00082218, b"SQ", element(0x00080060, b"CS", b"CT")),
        struct.pack("<HH2sHL", 0x0040, 0xA160, b"UT", 0, 0xFFFFFFFF),
        struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, 100) + b"few",
        struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + b"\xfe\xff\x00\xe0\xff\xff\xff\x00few",
    ],
)
def test_lengths_and_orders_that_lie_are_damage(content: bytes) -> None:
    assert reason_of(EXPLICIT_START + content) is Reason.DAMAGED


@settings(max_examples=200, deadline=None)
@given(
    at=st.lists(st.integers(0, 3_000), min_size=1, max_size=6),
    byte=st.integers(0, 255),
    cut=st.one_of(st.none(), st.integers(0, 3_000)),
)
def test_a_damaged_file_is_read_or_set_aside_and_nothing_else(
    at: list[int], byte: int, cut: int | None
) -> None:
    global _WHOLE  # noqa: PLW0603 - made once
    if _WHOLE is None:
        with tempfile.TemporaryDirectory() as place:
            _WHOLE = save(Path(place) / "a", ct()).read_bytes()
    content = bytearray(_WHOLE)
    for place_ in at:
        content[place_ % len(content)] = byte
    with tempfile.TemporaryDirectory() as place:
        root, out = Path(place) / "in", Path(place) / "out"
        root.mkdir()
        (root / "a").write_bytes(content[:cut])
        made = treat(
            "ct", root, out, Deidentifier(RULES, KEY, 365), lambda *row: None, lambda done, whole: None
        )
        assert len(made.produced) + sum(one.count for one in made.set_aside.values()) == 1
        Verification("ct", RULES, KEY, 365, frozenset()).look(out, made.produced, lambda done: None)
        for one in made.produced:
            written = (out / one.path).read_bytes()
            for word in ("欧阳", "小明", "青山", "QSCT0007", "SN99887766"):
                assert word.encode() not in written
                assert word.encode("gb18030") not in written


_WHOLE: bytes | None = None

NAME = st.text(st.sampled_from("ABCDEFGHJKLMNOPQRSTUVWXYZ"), min_size=6, max_size=10).map(
    lambda one: "Q" + one
)
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=3, max_size=4)
PLACES = (
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
    "ImageComments",
    "Manufacturer",
    "ManufacturerModelName",
    "SoftwareVersions",
    "ConvolutionKernel",
    "BodyPartExamined",
    "PatientComments",
    "OperatorsName",
    "StationName",
    "DerivationDescription",
    "ContrastBolusAgent",
    "PatientPosition",
    "StudyID",
    "FilterType",
    "PerformedProcedureStepDescription",
)


@settings(max_examples=150, deadline=None)
@given(
    latin=NAME,
    han=HAN,
    phone=st.integers(13_000_000_000, 19_999_999_999).map(str),
    patient=st.integers(10**8, 10**9 - 1).map(lambda one: f"MRN{one}"),
    where=st.sets(st.sampled_from(PLACES), min_size=1, max_size=8),
    prefix=st.sampled_from(["", "Thorax ", "of "]),
    private=st.booleans(),
    nest=st.booleans(),
)
def test_no_planted_identifier_survives_anywhere_in_the_output(
    latin: str,
    han: str,
    phone: str,
    patient: str,
    where: set[str],
    prefix: str,
    private: bool,
    nest: bool,
) -> None:
    with files.quietly(), tempfile.TemporaryDirectory() as place:
        root, out = Path(place) / "in", Path(place) / "out"
        source = ct(patient, PatientName=f"{latin}^Vera={han}".encode("gb18030"))
        source.PatientTelephoneNumbers, source.PatientAddress = phone, f"{han}路".encode("gb18030")
        for number, attribute in enumerate(sorted(where)):
            code = attribute in ("BodyPartExamined", "PatientPosition")
            planted = f"{prefix}{(latin, han, phone, patient)[number % 4]}"
            setattr(source, attribute, latin if code else planted.encode("gb18030"))
        if private:
            source.private_block(0x0011, "ACME", create=True).add_new(0x01, "LO", f"{latin} {han}")
        if nest:
            item = Dataset()
            item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99X", f"{han} {latin}"
            source.AnatomicRegionSequence = Sequence([item])
        save(root / "a", source)
        rows: list[Any] = []
        treated = treat(
            "ct",
            root,
            out,
            Deidentifier(RULES, KEY, 365),
            lambda *row: rows.append(row),
            lambda done, whole: None,
        )
        assert len(treated.produced) == 1, treated.set_aside
        content = (out / treated.produced[0].path).read_bytes()
        for word in (latin, latin.lower(), han, phone, patient):
            for encoding in ("utf-8", "gb18030"):
                assert word.encode(encoding) not in content, word
            assert word not in str(rows)
        found = Verification("ct", RULES, KEY, 365, frozenset()).look(
            out, treated.produced, lambda done: None
        )
        assert not [one for one in found if one.severity == "blocking"]


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


def test_image_types_that_resemble_a_capture_stay(folder: Folder) -> None:
    folder.add(ct(ImageType=["ORIGINAL", "PRIMARY", "TOMOGRAPHY"]))
    assert set_aside(folder.register()) == {}


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
