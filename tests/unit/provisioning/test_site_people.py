from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from provisioning.refusal import Refusal
from provisioning.registry.models import AccountStatus, Role
from provisioning.site.faults import SeveralFaults
from provisioning.site.people import LARGEST, MOST_ROWS, read_people

CHINESE = "账号,姓名,角色,状态\nli-wei,李伟,分析员、审核员,启用\nwu-fang,吴芳,审计员,停用\n"


def write(path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def shown(path: Path) -> list[tuple[str, str, set[Role], AccountStatus]]:
    return [(one.name, one.display_name, set(one.roles), one.status) for one in read_people(path)]


WANTED = [
    ("li-wei", "李伟", {Role.ANALYST, Role.REVIEWER}, AccountStatus.ACTIVE),
    ("wu-fang", "吴芳", {Role.AUDITOR}, AccountStatus.SUSPENDED),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_in_chinese(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(CHINESE.replace(",", delimiter).replace("\n", "\r\n").encode(encoding))
    assert shown(path) == WANTED


def test_an_xlsx_file_in_english(tmp_path: Path) -> None:
    rows = [
        ["Account", "Display Name", "Roles", None],
        ["li-wei", "李伟", "analyst, reviewer"],
        [],
        ["wu-fang", "x", "auditor"],
    ]
    people = shown(write(tmp_path / "people.xlsx", rows))
    assert [name for name, *_ in people] == ["li-wei", "wu-fang"]
    assert people[0] == WANTED[0]


def test_every_bad_row_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(
        "account,display_name,roles\nli-wei,x,analyst\nLi Wei,x,analyst\nsun-yan,,reviewer\nma-chao,x,king\n"
        "zhao-lei,x,admin auditor\nli-wei,again,analyst\nchen-jing,=1+1,engineer\nno-role,x,\n"
    )
    with pytest.raises(SeveralFaults) as caught:
        read_people(path)
    said = str(caught.value).splitlines()
    assert [int(line.split(":")[1]) for line in said] == [3, 4, 5, 6, 7, 8, 9]
    for line, word in zip(
        said,
        (
            "is not a name",
            "display_name must",
            "'king'",
            "different people",
            "row 2 already",
            "formula",
            "needs a role",
        ),
        strict=True,
    ):
        assert word in line


def test_a_formula_is_refused_with_its_cell(tmp_path: Path) -> None:
    rows = [
        ["account", "name_", "roles"],
        ["li-wei", "=HYPERLINK(1)", "analyst"],
        ["ma chao", "x", "analyst"],
    ]
    rows[0][1] = "display_name"
    with pytest.raises(SeveralFaults) as caught:
        read_people(write(tmp_path / "people.xlsx", rows))
    assert [fault.line for fault in caught.value.faults] == [2, 3]
    assert "B2 is a formula" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must name a column account"),
        (b"account,display_name\nli-wei,x\n", "must name a column roles"),
        (b"account,display_name,roles,shoe\n", "'shoe' is not known"),
        (b"account,display_name,roles,user\n", "'user' is not known, or is there twice"),
        (b'account,display_name,roles\nli-wei,"x,analyst\n', "not CSV"),
        (b"account,display_name,roles\nli-wei,\xff\xff,analyst\n", "neither UTF-8 nor GB 18030"),
        (b"account,display_name,roles" + b",x" * 60, "more than 50 columns"),
        (b"account,display_name,roles\n" + b"aa,x,analyst\n" * (MOST_ROWS + 1), "more than 10000 rows"),
        (b"x" * (LARGEST + 1), "is larger than"),
    ],
)
def test_a_file_that_will_not_do(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(Refusal) as caught:
        read_people(path)
    assert said in str(caught.value)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    for name, said in (("people.xlsx", "not an XLSX"), ("people.ods", r"a \.csv or \.xlsx")):
        (tmp_path / name).write_bytes(b"PK\x03\x04 not so")
        with pytest.raises(Refusal, match=said):
            read_people(tmp_path / name)
    with pytest.raises(Refusal, match="cannot be read"):
        read_people(tmp_path / "absent.csv")


@given(
    content=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"account,display_name,roles\n" + content)
    with contextlib.suppress(Refusal):
        read_people(path)
    (tmp_path / "people.xlsx").write_bytes(content)
    with pytest.raises(Refusal):
        read_people(tmp_path / "people.xlsx")
