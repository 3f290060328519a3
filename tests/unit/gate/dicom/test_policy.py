"""The part of a policy and of a dictionary on images: read strictly, refused with file, line and fix."""

from __future__ import annotations

import pytest
from dicom_files import DICTIONARY, POLICY, Folder, ct, holding

from provisioning.gate.policy import read_policy, read_ready, ready_policies

TABLES = "tables:\n  t:\n    file: t.csv\n    title: {en: T, zh: 表}\n    columns:\n      a: {type: integer, title: {en: a, zh: 甲}}\n"


def line(policy: str, words: str) -> int:
    return next(number for number, one in enumerate(policy.splitlines(), start=1) if words in one)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("    patient: {name: keep}\n", "name is not known here. Known: sex, age, size, weight"),
        ("    patient: {age: {round: 5}}\n", "round does not fit age. Use one of keep, generalise"),
        ("    patient: {age: {generalise: year}}\n", "year does not fit age"),
        ("    patient: {sex: pseudonymise}\n", "pseudonymise does not fit sex"),
        ("    patient: {age: {generalise: age_bands, top: 95}}\n", "top must be at most 90"),
        ("    admit: {not-dicom: {reason: because}}\n", "not-dicom cannot be admitted. Known: burned-in"),
        ("    admit: {ultrasound: yes}\n", "ultrasound must have fields below it"),
        ("    admit: {ultrasound: {because: x}}\n", "reason is missing"),
        ("    expected: {StationNaem: {rules: [date], reason: x}}\n", "StationNaem is not among the columns"),
        ("    private: keep\n", "private is not known here"),
        (
            "    expected: {StationName: {rules: [mobile-phone], reason: x}}\n",
            "mobile-phone cannot be explained",
        ),
    ],
)
def test_a_wrong_line_is_named_with_the_fix(folder: Folder, wrong: str, said: str) -> None:
    policy = POLICY + wrong
    folder.write(policy=policy)
    folder.add(ct())
    refused = folder.refused()
    assert said in refused
    assert f"policy.yaml:{line(policy, wrong.strip())}:" in refused


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{pseudonymise: patient}", "drop", "patient_id must be one of pseudonymise"),
        ("{pseudonymise: visit}", "keep", "accession_number must be one of pseudonymise, drop"),
        ("dates: shift_dates", "dates: keep", "dates must be one of drop, shift_dates"),
        ("descriptors: redact", "descriptors: keep", "descriptors must be one of drop, redact"),
        ("  ct:", "  mr:", "mr is not in the dictionary. Take it out of the policy."),
    ],
)
def test_a_treatment_that_images_do_not_have_is_refused(
    folder: Folder, old: str, new: str, said: str
) -> None:
    folder.write(policy=POLICY.replace(old, new))
    folder.add(ct())
    assert said in folder.refused()


def test_images_without_a_policy_are_refused(folder: Folder) -> None:
    folder.write(DICTIONARY + TABLES, "tables:\n  t:\n    columns: {a: keep}\n")
    (folder.source / "t.csv").write_text("a\n1\n")
    folder.add(ct())
    assert "ct is not in the policy. Say what happens to its images." in folder.refused()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("folder: studies", "folder: ../studies", "../studies is not the name of a folder"),
        ("folder: studies", "folder: elsewhere", "elsewhere/ is in the dictionary but not in"),
        ("  ct: {", "  CT: {", "CT is not a table's name"),
        ("  ct: {folder: studies, title: {en: Tomography, zh: 断层扫描}}", "  ct: {folder: studies}", "title is missing"),
    ],
)  # fmt: skip
def test_a_wrong_dictionary_is_refused(folder: Folder, old: str, new: str, said: str) -> None:
    folder.write(dictionary=DICTIONARY.replace(old, new))
    folder.add(ct())
    assert said in folder.refused()


def test_a_table_cannot_have_the_name_of_an_index(folder: Folder) -> None:
    folder.write(dictionary=DICTIONARY + TABLES.replace("  t:", "  ct_series:"))
    folder.add(ct())
    assert "ct_series is there twice" in folder.refused()


def test_a_folder_that_nobody_described_is_refused(folder: Folder) -> None:
    folder.add(ct())
    (folder.source / "other").mkdir()
    assert "other/ is not in the dictionary" in folder.refused()


def test_images_always_need_a_projects_key(folder: Folder) -> None:
    assert read_policy(folder.source / "policy.yaml").keyed


def test_the_fully_de_identified_policy_moves_no_dates(folder: Folder) -> None:
    folder.write(policy="extends: fully-de-identified\n" + POLICY)
    folder.add(ct())
    assert "fully-de-identified forbids shift_dates" in folder.refused()


@pytest.mark.parametrize("name", ready_policies())
def test_the_ready_policies_name_the_profile_and_work_on_images(folder: Folder, name: str) -> None:
    assert "DICOM PS3.15 E.2, E.3" in read_ready(name).clauses
    dates = "drop" if name == "fully-de-identified" else "shift_dates"
    folder.write(policy=f"extends: {name}\n" + POLICY.replace("shift_dates", dates))
    for number in range(3):
        folder.add(ct(number=number))
    made = folder.register()
    assert made.manifest.verified, holding(made)
    assert made.manifest.document["gate"]["extends"] == name
