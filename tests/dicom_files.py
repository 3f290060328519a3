"""Data sets made by pydicom, a folder of them as a source of an extract, and what becomes of them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from provisioning.extracts.register import Registered, register
from provisioning.refusal import Refusal

CT = "1.2.840.10008.5.1.4.1.1.2"
DICTIONARY = """
name: scans
title: {en: Scans, zh: 影像}
source: a test
licence: CC0-1.0
images:
  ct: {folder: studies, title: {en: Tomography, zh: 断层扫描}}
"""
POLICY = """
images:
  ct:
    patient_id: {pseudonymise: patient}
    accession_number: {pseudonymise: visit}
    dates: shift_dates
    descriptors: redact
"""


def ct(patient: str = "M00001", number: int = 1, **more: Any) -> Dataset:
    """A small CT slice as scanners make them, with who and where in the usual places."""
    made = Dataset()
    made.SpecificCharacterSet = "GB18030"
    made.SOPClassUID = CT
    made.SOPInstanceUID = generate_uid(entropy_srcs=[patient, str(number)])
    made.StudyInstanceUID = generate_uid(entropy_srcs=[patient, "study"])
    made.SeriesInstanceUID = generate_uid(entropy_srcs=[patient, "series"])
    made.FrameOfReferenceUID = generate_uid(entropy_srcs=[patient, "frame"])
    made.Modality, made.Manufacturer, made.ManufacturerModelName = "CT", "SIEMENS", "SOMATOM Force"
    made.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    made.PatientName, made.PatientID, made.PatientBirthDate = "欧阳^小明", patient, "19610203"
    made.PatientSex, made.PatientAge = "M", "058Y"
    made.AccessionNumber, made.StudyID = f"A{patient}", "S4711"
    made.InstitutionName, made.ReferringPhysicianName = "青山县人民医院", "司马^大夫"
    made.StationName, made.DeviceSerialNumber = "QSCT0007", "SN99887766"
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = "20200310"
    made.StudyTime = made.ContentTime = "081530"
    made.StudyDescription, made.SeriesDescription = "胸部平扫", "Thorax 1.0 mm"
    made.ProtocolName, made.BodyPartExamined, made.PatientPosition = "ThoraxRoutine", "CHEST", "HFS"
    made.SeriesNumber, made.InstanceNumber = 2, number
    made.ImagePositionPatient, made.ImageOrientationPatient = [-100, -100, number], [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness, made.KVP = [0.5, 0.75], "1.0", "120"
    made.RescaleIntercept, made.RescaleSlope = "-1024", "1"
    pixels(made)
    for key, value in more.items():
        setattr(made, key, value)
    return made


def pixels(made: Dataset, rows: int = 6, columns: int = 5, frames: int = 1) -> None:
    """Sixteen bits a pixel, twelve of them used."""
    made.Rows, made.Columns, made.SamplesPerPixel = rows, columns, 1
    made.PhotometricInterpretation, made.PixelRepresentation = "MONOCHROME2", 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    if frames > 1:
        made.NumberOfFrames = frames
    values = np.arange(rows * columns * frames, dtype="<u2") % 4096
    made.PixelData = values.tobytes()
    made["PixelData"].VR = "OW"


def save(
    path: Path, made: Dataset, syntax: str = ExplicitVRLittleEndian, preamble: bytes = b"\0" * 128
) -> Path:
    """Write ``made`` as a file of PS3.10."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.get("SOPClassUID", CT)
    meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", generate_uid())
    meta.TransferSyntaxUID = syntax
    made.file_meta, made.preamble = meta, preamble
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dcmwrite(path, made, enforce_file_format=True)
    return path


class Folder:
    """A source with a folder of DICOM files, and what the gate makes of it."""

    def __init__(self, root: Path) -> None:
        self.root, self.source = root, root / "source"
        self.images = self.source / "studies"
        self.images.mkdir(parents=True)
        (root / "keys").mkdir(mode=0o700)
        self.write(DICTIONARY, POLICY)

    def write(self, dictionary: str | None = None, policy: str | None = None) -> None:
        if dictionary is not None:
            (self.source / "dictionary.yaml").write_text(dictionary)
        if policy is not None:
            (self.source / "policy.yaml").write_text(policy)

    def add(self, made: Dataset, name: str | None = None, **how: Any) -> Path:
        count = sum(1 for one in self.images.rglob("*") if one.is_file())
        return save(self.images / (name or f"{count:04}"), made, **how)

    def register(self, project: str = "heart") -> Registered:
        return register(
            self.source,
            self.source / "dictionary.yaml",
            self.source / "policy.yaml",
            self.root / "data" / "extracts",
            project=project,
        )

    def refused(self) -> str:
        with pytest.raises(Refusal) as caught:
            self.register()
        assert not [one for one in self.root.glob("data/extracts/*/*") if one.name != ".lock"]
        return str(caught.value)

    def folder(self, made: Registered) -> Path:
        return self.root / "data" / "extracts" / made.folder

    def files(self, made: Registered) -> list[Path]:
        return sorted(self.folder(made).rglob("*.dcm"))

    def datasets(self, made: Registered) -> list[Dataset]:
        return [dcmread(path) for path in self.files(made)]

    def one(self, source: Dataset, **how: Any) -> Dataset:
        """What becomes of a single file."""
        self.add(source, **how)
        (made,) = self.datasets(self.register())
        return made


def findings(made: Registered, severity: str | None = None) -> list[dict[str, Any]]:
    return [
        one
        for one in made.manifest.document["gate"]["findings"]
        if severity is None or one["severity"] == severity
    ]


def holding(made: Registered) -> list[tuple[str, str | None, str | None]]:
    return [(one["rule"], one["kind"], one["column"]) for one in findings(made, "blocking")]


def set_aside(made: Registered) -> dict[str, list[int]]:
    return {one["kind"]: one["positions"] for one in findings(made) if one["rule"] == "set-aside"}
