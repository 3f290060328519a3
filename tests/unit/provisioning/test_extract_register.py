from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from provisioning.extracts.manifest import verify
from provisioning.extracts.register import register
from provisioning.lined_yaml import FileRefused
from provisioning.refusal import Refusal

DEMO = Path(__file__).parents[3] / "provisioning" / "demo" / "data"


def refused(source, **how) -> list[str]:
    """The lines of the refusal; nothing may be left behind."""
    with pytest.raises(Refusal) as caught:
        register(source.folder, source.dictionary, source.policy, source.root, **how)
    assert leftovers(source.root) == []
    return str(caught.value).splitlines()


def leftovers(root: Path) -> list[Path]:
    return [path for path in root.glob("*/*") if path.name != ".lock"]


def test_the_manifest_says_what_is_in_the_tables(source) -> None:
    registered = register(source.folder, source.dictionary, source.policy, source.root)
    document = registered.manifest.document
    assert (document["schema"], document["name"], document["version"]) == ("carrel.extract/1", "bloods", 1)
    (table,) = document["tables"]
    assert (table["file"], table["rows"]) == ("bloods.parquet", 3)
    missing = {column["name"]: column["missing"] for column in table["columns"]}
    assert missing == {"person": 0, "hb": None, "drawn": None, "at": None, "fasting": None, "sex": None}
    hb, sex = table["columns"][1], table["columns"][5]
    assert hb["unit"] == "g/L"
    assert sex["codes"]["M"] == {"en": "Male", "zh": "男"}
    rows = duckdb.sql(f"SELECT * FROM '{source.root}/bloods/v1/bloods.parquet'")
    assert [str(kind) for kind in rows.types] == [
        "BIGINT",
        "DOUBLE",
        "DATE",
        "TIMESTAMP",
        "BOOLEAN",
        "VARCHAR",
    ]
    values = rows.fetchall()
    assert [value[1] for value in values] == [131.5, None, 120.0]
    assert [value[4] for value in values] == [True, False, None]


def test_nothing_in_it_can_be_written(source) -> None:
    folder = source.root / register(source.folder, source.dictionary, source.policy, source.root).folder
    assert folder.stat().st_mode & 0o777 == 0o550
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o440}


def test_the_same_input_makes_the_same_bytes(source, tmp_path: Path) -> None:
    one = register(source.folder, source.dictionary, source.policy, source.root)
    two = register(source.folder, source.dictionary, source.policy, tmp_path / "elsewhere")
    assert one.manifest.digest == two.manifest.digest
    assert one.manifest.files == two.manifest.files


def test_registering_again_changes_nothing_and_other_data_make_the_next_version(source) -> None:
    first = register(source.folder, source.dictionary, source.policy, source.root)
    again = register(source.folder, source.dictionary, source.policy, source.root)
    assert (again.made, again.manifest) == (False, first.manifest)
    source.edit("bloods.csv", "131.5", "131.6")
    second = register(source.folder, source.dictionary, source.policy, source.root)
    assert (second.made, second.folder) == (True, "bloods/v2")
    source.edit("bloods.csv", "131.6", "131.5")
    assert register(source.folder, source.dictionary, source.policy, source.root).folder == "bloods/v1"
    assert (
        register(source.folder, source.dictionary, source.policy, source.root, version=7).folder
        == "bloods/v7"
    )


def test_a_version_is_never_overwritten(source) -> None:
    first = register(source.folder, source.dictionary, source.policy, source.root, version=1)
    source.edit("bloods.csv", "131.5", "131.6")
    with pytest.raises(Refusal, match="bloods@1 is there with another content"):
        register(source.folder, source.dictionary, source.policy, source.root, version=1)
    verify(source.root / first.folder, first.manifest.digest)


def test_one_csv_file_can_be_the_source(source) -> None:
    assert register(source.csv, source.dictionary, source.policy, source.root).made


def test_columns_that_differ_are_named_one_a_line(source) -> None:
    source.edit("bloods.csv", "person,hb", "patient,hb")
    assert refused(source) == [
        "bloods.csv has the column patient, which the dictionary does not name. "
        "Describe it, or take it out of the file.",
        "bloods.csv has no column person, which the dictionary names. Take it out of the dictionary.",
    ]


def test_a_column_twice_is_refused(source) -> None:
    source.edit("bloods.csv", "person,hb", "person,person")
    assert refused(source)[0] == "bloods.csv has the column person twice. Rename one."


def test_files_that_differ_are_named(source) -> None:
    (source.folder / "other.csv").write_text("a\n1\n")
    source.csv.rename(source.folder / "renamed.csv")
    lines = refused(source)
    assert [line.split()[0] for line in lines] == ["other.csv", "renamed.csv", "bloods.csv"]


@pytest.mark.parametrize(
    ("before", "after", "row", "column"),
    [
        ("\n1,131.5", "\n1.5,131.5", 1, "person"),
        ("\n1,131.5", "\n99999999999999999999,131.5", 1, "person"),
        ("1.2e2", "high", 3, "hb"),
        ("1.2e2", "nan", 3, "hb"),
        ("1.2e2", "1e999", 3, "hb"),
        ("2024-02-29,", "2023-02-29,", 1, "drawn"),
        ("2024-02-29,", "29/02/2024,", 1, "drawn"),
        ("2024-03-01T09:00", "2024-03-01T29:00", 2, "at"),
        (",true,", ",yes,", 1, "fasting"),
    ],
)
def test_a_value_of_a_wrong_type_is_placed_and_not_shown(source, before, after, row, column) -> None:
    source.edit("bloods.csv", before, after)
    (line,) = refused(source)
    assert line.startswith(f"bloods.csv, row {row}: the value of {column} is not of type")
    assert after.strip("\n,").split(",")[0] not in line


def test_a_value_without_its_code_is_placed_and_not_shown(source) -> None:
    source.edit("bloods.csv", ",M\n", ",Secret\n")
    (line,) = refused(source)
    assert line.startswith("bloods.csv, row 2: the value of sex is not one of its codes.")
    assert "Secret" not in line


@pytest.mark.parametrize("after", ["1,131.5", "1,131.5,2024-02-29,,,F,Secret", '1,"131.5'])
def test_a_line_that_is_not_csv_is_placed_and_not_shown(source, after: str) -> None:
    source.edit("bloods.csv", "1,131.5,2024-02-29,2024-02-29 08:30:00,true,F", after)
    (line,) = refused(source)
    assert line.startswith("bloods.csv is not CSV at line ")
    assert "131.5" not in line
    assert "Secret" not in line


def test_a_file_that_is_not_utf_8_is_refused(source) -> None:
    source.csv.write_bytes("person,hb,drawn,at,fasting,sex\n1,1,,,,男\n".encode("gb18030"))
    (line,) = refused(source)
    assert line.startswith("bloods.csv is not in UTF-8")


def test_mixed_line_ends_are_refused_or_whole(source) -> None:
    source.csv.write_bytes(source.csv.read_bytes().replace(b"F\n", b"F\r\n"))
    (line,) = refused(source)
    assert line.startswith("bloods.csv cannot be read as CSV")


def test_windows_line_ends_byte_order_mark_and_quotes_are_read(source) -> None:
    plain = register(source.folder, source.dictionary, source.policy, source.root)
    text = source.csv.read_text(encoding="utf-8").replace("NA", '"NA"').replace("\n", "\r\n")
    source.csv.write_bytes(b"\xef\xbb\xbf" + text.encode())
    again = register(source.folder, source.dictionary, source.policy, source.root)
    assert (again.made, again.folder) == (False, plain.folder)


def test_quoting_cannot_leave_the_sql(source) -> None:
    name = "h'b\"; DROP"
    source.edit("dictionary.yaml", "      hb:", '      "h\'b\\"; DROP":')
    source.edit("bloods.csv", "person,hb", 'person,"h\'b""; DROP"')
    source.edit("policy.yaml", "hb: keep", '"h\'b\\"; DROP": keep')
    registered = register(source.folder, source.dictionary, source.policy, source.root)
    assert registered.manifest.tables[0]["columns"][1]["name"] == name


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ("name: bloods", "name: Bloods", 1, "is not a name"),
        ("source: a test\n", "", 1, "source is missing"),
        ("licence: CC0-1.0", "licence: CC0-1.0\nowner: me", 5, "owner is not known here"),
        ("type: integer", "type: whole", 11, "type must be one of integer"),
        ("title: {en: Person, zh: 患者}", "title: {en: Person}", 11, "zh is missing"),
        ("file: bloods.csv", "file: ../bloods.csv", 7, "is not the name of a CSV, XLSX or Parquet file"),
        ("      hb:", "      person:", 12, "person is there twice"),
        ("          F:", "          no:", 20, "put quotes around the code"),
        ("type: number, unit: g/L", "type: number, codes: {1: {en: a, zh: b}}", 12, "can have codes"),
        ("  bloods:\n", "  Bloods:\n", 7, "is not a table's name"),
        ("source: a test", "source: [", 5, "not YAML"),
    ],
)
def test_a_fault_in_the_dictionary_has_its_line(source, before, after, line, said) -> None:
    source.edit("dictionary.yaml", before, after)
    with pytest.raises(FileRefused, match=said) as caught:
        register(source.folder, source.dictionary, source.policy, source.root)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{source.dictionary}:{caught.value.line}: ")


KILLED = """
import os, signal, sys
from pathlib import Path
import provisioning.extracts.register as module

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module.os if sys.argv[1] in ("rename", "fsync") else module, sys.argv[1], die)
module.register(*map(Path, sys.argv[2:6]))
"""


@pytest.mark.parametrize(
    "step", ["make", "_remove", "_content", "fsync", "_settle", "write_document", "rename"]
)
def test_killed_at_any_step_nothing_is_there_and_the_next_time_works(source, step: str) -> None:
    arguments = [step, str(source.folder), str(source.dictionary), str(source.policy), str(source.root)]
    died = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert died.returncode == -signal.SIGKILL
    assert not (source.root / "bloods" / "v1").exists()
    registered = register(source.folder, source.dictionary, source.policy, source.root)
    verify(source.root / registered.folder, registered.manifest.digest)
    assert leftovers(source.root) == [source.root / "bloods" / "v1"]


def test_killed_after_the_rename_the_extract_is_whole(source) -> None:
    arguments = ["_sync", str(source.folder), str(source.dictionary), str(source.policy), str(source.root)]
    subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    again = register(source.folder, source.dictionary, source.policy, source.root)
    assert not again.made
    verify(source.root / again.folder, again.manifest.digest)


def test_two_processes_register_one_extract(source) -> None:
    program = KILLED.replace("setattr", "0 and setattr")
    arguments = ["none", str(source.folder), str(source.dictionary), str(source.policy), str(source.root)]
    processes = [subprocess.Popen([sys.executable, "-c", program, *arguments]) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert leftovers(source.root) == [source.root / "bloods" / "v1"]


def test_a_root_that_cannot_be_made_is_named(source) -> None:
    source.root.write_text("a file")
    with pytest.raises(Refusal, match=r"cannot be written.*CARREL_DATA"):
        register(source.folder, source.dictionary, source.policy, source.root)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("rotterdam", {"rotterdam": 2982}),
        (
            "omop-sample",
            {
                "concept": 2294,
                "condition_occurrence": 470,
                "drug_exposure": 883,
                "measurement": 10040,
                "observation_period": 28,
                "person": 28,
                "procedure_occurrence": 1649,
                "visit_occurrence": 1791,
            },
        ),
    ],
)
def test_the_demo_data_register(tmp_path: Path, name: str, rows: dict[str, int]) -> None:
    registered = register(DEMO / name, DEMO / name / "dictionary.yaml", DEMO / name / "policy.yaml", tmp_path)
    assert {table["name"]: table["rows"] for table in registered.manifest.tables} == rows
    assert (DEMO / name / "LICENSE").stat().st_size > 1000


def test_rotterdam_holds_the_published_cohort(tmp_path: Path) -> None:
    register(
        DEMO / "rotterdam",
        DEMO / "rotterdam" / "dictionary.yaml",
        DEMO / "rotterdam" / "policy.yaml",
        tmp_path,
    )
    file = tmp_path / "rotterdam" / "v1" / "rotterdam.parquet"
    # Royston and Altman (2013): 2982 patients, of whom 1546 are node-positive.
    query = f"SELECT count(DISTINCT pid), count(*) FILTER (nodes > 0), sum(recur), sum(death) FROM '{file}'"
    assert duckdb.sql(query).fetchall() == [(2982, 1546, 1518, 1272)]
