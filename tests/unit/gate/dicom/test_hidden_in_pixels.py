"""Attacks in and around the pixels: suspects, overlays, unused bits, comments and tails of compressed data."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from dicom_files import Folder, ct, holding, set_aside
from pydicom import dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

STORAGE = "1.2.840.10008.5.1.4.1.1."


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


def test_image_types_that_resemble_a_capture_stay(folder: Folder) -> None:
    folder.add(ct(ImageType=["ORIGINAL", "PRIMARY", "TOMOGRAPHY"]))
    assert set_aside(folder.register()) == {}
