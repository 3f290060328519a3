"""Attacks by structure: files that are no images, that lie about their lengths, nest or swell."""

from __future__ import annotations

import os
import struct
import tempfile
import zlib
from pathlib import Path

import pytest
from dicom_files import Folder, ct, save, set_aside
from dicom_hostile import KEY, RULES, element
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from provisioning.gate.dicom import files
from provisioning.gate.dicom.deidentify import Deidentifier
from provisioning.gate.dicom.reasons import Reason, SetAside
from provisioning.gate.dicom.structure import DEEPEST
from provisioning.gate.dicom.treat import treat
from provisioning.gate.dicom.verify import Verification

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
