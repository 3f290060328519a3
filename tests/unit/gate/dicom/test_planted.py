"""An identifier planted anywhere is nowhere in the output."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from dicom_files import ct, save
from dicom_hostile import KEY, RULES
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from provisioning.gate.dicom import files
from provisioning.gate.dicom.deidentify import Deidentifier
from provisioning.gate.dicom.treat import treat
from provisioning.gate.dicom.verify import Verification

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
