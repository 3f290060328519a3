"""What stays of a DICOM file, and that it joins the tables beside it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dicom_files import CT, DICTIONARY, POLICY, Folder, ct, findings, holding, pixels
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ImplicitVRLittleEndian

from provisioning.extracts.dictionary import Column
from provisioning.extracts.manifest import verify
from provisioning.gate import pseudonyms, transforms
from provisioning.gate.dicom import uids
from provisioning.gate.keys import project_key


def date_of(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d")


@settings(max_examples=50, deadline=None)
@given(
    key=st.binary(min_size=32, max_size=32),
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda one: "\0" not in one),
    days=st.integers(30, 3650),
)
def test_pseudonyms_and_offsets_are_those_of_tables(key: bytes, text: str, days: int) -> None:
    column = Column("id", "string", None, {}, None)
    with duckdb.connect() as connection:
        transforms.use_key(connection, key)
        made = transforms.output(column, transforms.Treatment("pseudonymise", domain="patient"))
        assert made is not None
        query = f'SELECT {made.sql}, {transforms.offset_sql(column, days)} FROM (SELECT $text AS "id")'
        ((pseudonym, offset),) = connection.execute(query, {"text": text}).fetchall()
    assert pseudonyms.pseudonym(key, "patient", text) == pseudonym
    assert pseudonyms.offset(key, text, days) == offset


def test_an_extract_of_a_table_and_images_joins_on_patient_and_accession_number(folder: Folder) -> None:
    columns = {"mrn": "string", "visit": "string", "seen": "date", "age": "integer"}
    described = "\n".join(
        f"      {name}: {{type: {kind}, title: {{en: a, zh: 甲}}}}" for name, kind in columns.items()
    )
    folder.write(
        DICTIONARY
        + "tables:\n  visits:\n    file: visits.csv\n    title: {en: V, zh: 表}\n    columns:\n"
        + described,
        POLICY
        + "tables:\n  visits:\n    patient: mrn\n    quasi_identifiers: [age]\n    columns:\n"
        + "      mrn: {pseudonymise: patient}\n      visit: {pseudonymise: visit}\n"
        + "      seen: shift_dates\n      age: {generalise: age_bands, width: 5, top: 90}\n",
    )
    people = [f"M{n:05}" for n in range(6)]
    lines = [f"{one},A{one},2020-03-12,58" for one in people]
    (folder.source / "visits.csv").write_text("mrn,visit,seen,age\n" + "\n".join(lines) + "\n")
    for one in people:
        for number in (1, 2):
            folder.add(ct(one, number))
    made = folder.register()
    assert made.manifest.verified, holding(made)
    verify(folder.folder(made), made.manifest.digest)
    place = folder.folder(made)
    rows = duckdb.sql(
        f"SELECT mrn, seen - study_date, count(*) FROM '{place}/visits.parquet' JOIN "
        f"'{place}/ct_instances.parquet' ON mrn = patient_id AND visit = accession_number GROUP BY ALL"
    ).fetchall()
    assert len(rows) == 6
    assert {(days, count) for _, days, count in rows} == {(2, 2)}
    for one in folder.datasets(made):
        (full,) = duckdb.sql(
            f"SELECT accession_number FROM '{place}/ct_instances.parquet' "
            f"WHERE instance_uid = '{one.SOPInstanceUID}'"
        ).fetchall()[0]
        assert one.AccessionNumber == full[:16]
    document = made.manifest.document
    assert [table["name"] for table in document["tables"]] == ["visits", "ct_instances", "ct_series"]
    assert document["images"][0] | {"title": None} == {
        "name": "ct",
        "folder": "ct",
        "title": None,
        "files": 12,
        "set_aside": 0,
        "profile": "PS3.15 2026c",
        "options": document["images"][0]["options"],
        "tables": ["ct_instances", "ct_series"],
    }
    assert len(document["files"]) == 12 + 3
    assert document["gate"]["treatments"]["ct"] == {
        "patient_id": "pseudonymise",
        "accession_number": "pseudonymise",
        "dates": "shift_dates",
        "descriptors": "redact",
    }


def test_another_project_has_other_pseudonyms_uids_and_dates(folder: Folder) -> None:
    folder.add(ct())
    heart, lung = (dcmread(folder.files(folder.register(one))[0]) for one in ("heart", "lung"))
    for keyword in ("PatientID", "AccessionNumber", "SOPInstanceUID", "StudyInstanceUID", "StudyDate"):
        assert heart[keyword].value != lung[keyword].value, keyword


def test_dates_move_by_the_patients_days_and_keep_their_intervals(folder: Folder) -> None:
    source = ct(ContentDate="20200312", AcquisitionDateTime="20200310081530.25+0800")
    made = folder.one(source)
    days = pseudonyms.offset(project_key("heart", folder.root / "data"), "M00001", 365)
    assert (date_of(made.StudyDate) - date_of("20200310")).days == days
    assert (date_of(made.ContentDate) - date_of(made.StudyDate)).days == 2
    assert made.AcquisitionDateTime == f"{made.StudyDate}081530.25"
    assert made.StudyTime == "081530"
    assert not made.PatientBirthDate
    assert made.LongitudinalTemporalInformationModified == "MODIFIED"


def test_without_the_option_no_date_stays(folder: Folder) -> None:
    folder.write(policy=POLICY.replace("shift_dates", "drop").replace("redact", "drop"))
    made = folder.one(ct(AcquisitionDateTime="20200310081530"))
    assert not made.StudyDate
    assert made.AcquisitionDateTime == "19000101000000"
    assert made.LongitudinalTemporalInformationModified == "REMOVED"
    assert "StudyDescription" not in made
    assert [one.CodeValue for one in made.DeidentificationMethodCodeSequence] == ["113100"]


def test_uids_are_replaced_alike_everywhere_and_those_of_the_standard_stay(folder: Folder) -> None:
    first, second = ct(number=1), ct(number=2)
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CT, first.SOPInstanceUID
    second.SourceImageSequence = Sequence([reference])
    folder.add(first)
    folder.add(second)
    made = {one.InstanceNumber: one for one in folder.datasets(folder.register())}
    (kept,) = made[2].SourceImageSequence
    assert kept.ReferencedSOPInstanceUID == made[1].SOPInstanceUID
    assert kept.ReferencedSOPClassUID == CT
    assert uids.is_remapped(made[1].SOPInstanceUID)
    assert made[1].StudyInstanceUID == made[2].StudyInstanceUID


@pytest.mark.parametrize(
    ("age", "kept"),
    [("058Y", "055Y"), ("095Y", "090Y"), ("090Y", "090Y"), ("011M", "000Y"), ("100W", "000Y")],
)
def test_ages_are_banded_and_capped(folder: Folder, age: str, kept: str) -> None:
    folder.write(
        policy="k: 2\n"
        + POLICY
        + "    patient:\n      sex: keep\n      age: {generalise: age_bands, width: 5, top: 90}\n"
    )
    for one in ("M00001", "M00002"):
        folder.add(ct(one, PatientAge=age))
    made = folder.register()
    assert {one.PatientAge for one in folder.datasets(made)} == {kept}
    assert {one.PatientSex for one in folder.datasets(made)} == {"M"}
    assert made.manifest.verified, holding(made)


def test_a_patient_alone_with_sex_and_age_holds_the_extract(folder: Folder) -> None:
    folder.write(policy=POLICY + "    patient: {sex: keep, age: keep}\n")
    for one in range(6):
        folder.add(ct(f"M{one:05}"))
    folder.add(ct("M00009", PatientAge="071Y"))
    assert ("k-anonymity", None, None) in holding(folder.register())


def test_names_of_the_file_are_taken_out_of_its_descriptions(folder: Folder) -> None:
    source = ct(
        SpecificCharacterSet="ISO_IR 192",
        PatientName="Rumpelstilz^Anna=欧阳^小明",
        StudyDescription="胸部 欧阳小明 复查",
        SeriesDescription="Thorax_RUMPELSTILZ 1mm",
        ProtocolName="M00001 chest",
        ManufacturerModelName="Force of QSCT0007",
    )
    made = folder.one(source)
    said = " ".join(str(one.value) for one in made if one.VR in ("LO", "SH", "ST", "LT"))
    assert not re.search("欧阳|小明|rumpel|M00001|QSCT", said, re.IGNORECASE)
    assert made.StudyDescription.startswith("胸部")
    assert "1mm" in made.SeriesDescription


@pytest.mark.parametrize(
    ("charset", "written"),
    [
        ("GB18030", "胸部平扫".encode("gb18030")),
        ("GBK", "胸部平扫".encode("gbk")),
        ("ISO_IR 192", "胸部平扫".encode()),
        (["", "ISO 2022 IR 58"], b"\x1b$)A" + "胸部平扫".encode("gb2312")),
    ],
)
def test_chinese_descriptions_are_read_in_their_character_set(
    folder: Folder, charset: Any, written: bytes
) -> None:
    made = folder.one(ct(SpecificCharacterSet=charset, PatientName="Smith^J", StudyDescription=written))
    assert made.StudyDescription == "胸部平扫"
    assert made.SpecificCharacterSet == "ISO_IR 192"


def test_implicit_files_are_written_explicit_with_the_same_pixels(folder: Folder) -> None:
    source = ct(PixelPaddingValue=-2000 & 0xFFFF)
    made = folder.one(source, syntax=ImplicitVRLittleEndian)
    assert made.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert made.PixelData == source.PixelData
    assert made.PixelPaddingValue == source.PixelPaddingValue


def test_several_frames_keep_their_geometry(folder: Folder) -> None:
    source = ct(SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1")
    pixels(source, frames=3)
    shared, measures = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.4, 0.6], "2.5"
    shared.PixelMeasuresSequence = Sequence([measures])
    source.SharedFunctionalGroupsSequence = Sequence([shared])
    frames = []
    for number in range(3):
        frame, plane, content = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = [0, 0, number]
        content.FrameAcquisitionDateTime = f"2020031008150{number}"
        content.FrameComments = "欧阳小明"
        frame.PlanePositionSequence, frame.FrameContentSequence = Sequence([plane]), Sequence([content])
        frames.append(frame)
    source.PerFrameFunctionalGroupsSequence = Sequence(frames)
    del source.PixelSpacing
    folder.add(source)
    registered = folder.register()
    assert registered.manifest.verified, holding(registered)
    (made,) = folder.datasets(registered)
    assert [
        float(one.PlanePositionSequence[0].ImagePositionPatient[2])
        for one in made.PerFrameFunctionalGroupsSequence
    ] == [0, 1, 2]
    moved = [
        one.FrameContentSequence[0].FrameAcquisitionDateTime for one in made.PerFrameFunctionalGroupsSequence
    ]
    assert moved == [f"{made.StudyDate}08150{number}" for number in range(3)]
    row = duckdb.sql(
        "SELECT frames, spacing_rows, spacing_columns, rows, columns "
        f"FROM '{folder.folder(registered)}/ct_series.parquet'"
    ).fetchall()
    assert row == [(3, 0.4, 0.6, 6, 5)]


def test_the_same_sources_make_the_same_extract(folder: Folder) -> None:
    folder.add(ct())
    first = folder.register()
    again = folder.register()
    assert (again.made, again.manifest.digest) == (False, first.manifest.digest)


def test_the_dictionary_names_units_and_hides_small_counts(folder: Folder) -> None:
    for number in range(12):
        folder.add(ct(number=number))
    (instances, series) = folder.register().manifest.tables
    columns = {one["name"]: one for one in instances["columns"]}
    assert columns["spacing_rows"]["unit"] == "mm"
    assert columns["modality"]["counts"]["CT"] == 12
    assert columns["rows"]["title"]["zh"] == "行数"
    (told,) = [one for one in series["columns"] if one["name"] == "modality"]
    assert told["counts"]["CT"] is None  # one series


def test_what_was_taken_out_is_noted_with_counts(folder: Folder) -> None:
    folder.add(ct(SeriesDescription="Thorax 13912345678"))
    made = folder.register()
    assert made.manifest.verified, holding(made)
    notes = {(one["rule"], one["column"]): one["count"] for one in findings(made, "note")}
    assert notes["text-named-someone", "(0008,103e) SeriesDescription"] == 1


def test_files_are_read_only_and_the_digest_of_each_is_in_the_manifest(folder: Folder) -> None:
    folder.add(ct())
    made = folder.register()
    (path,) = folder.files(made)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o440, 0o550)
    listed = [one.path for one in made.manifest.files]
    assert str(path.relative_to(folder.folder(made))) in listed
    assert [Path(one).suffix for one in listed] == [".dcm", ".parquet", ".parquet"]
