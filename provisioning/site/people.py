"""Accounts from a table: CSV or XLSX, columns in Chinese or English, every bad row told."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from provisioning.lined_yaml import FileRefused, one_line
from provisioning.refusal import Refusal
from provisioning.registry import roles
from provisioning.registry.columns import checked_name
from provisioning.registry.models import AccountStatus, Role
from provisioning.site.faults import Faults, Place
from provisioning.site.file import AccountWanted

LARGEST = 4 * 1024**2
"""Bytes that the file may have."""
LARGEST_UNPACKED = 64 * 1024**2
"""Bytes that an XLSX file's parts may have together: it is a ZIP archive."""
MOST_ROWS = 10_000
MOST_COLUMNS = 50

COLUMNS = {
    "account": ("account", "name", "username", "user", "账号", "账户", "帐号", "用户名", "登录名"),
    "display_name": ("display_name", "display name", "full name", "姓名", "显示名", "名字"),
    "roles": ("roles", "role", "角色", "职责"),
    "status": ("status", "状态"),
}
"""What each column may be called."""
ROLES = {
    Role.ANALYST: ("analyst", "分析员", "分析师", "分析人员"),
    Role.ENGINEER: ("engineer", "工程师", "数据工程师"),
    Role.ADMIN: ("admin", "管理员", "系统管理员"),
    Role.REVIEWER: ("reviewer", "审核员", "审查员", "安全管理员"),
    Role.AUDITOR: ("auditor", "审计员", "安全审计员"),
}
STATUSES = {
    AccountStatus.ACTIVE: ("active", "启用", "正常"),
    AccountStatus.SUSPENDED: ("suspended", "停用", "暂停"),
}
_REQUIRED = ("account", "display_name", "roles")
_FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet program takes for a formula: such a cell is not what it seems."""

Row = tuple[int, Sequence[str]]


def read_people(path: Path) -> tuple[AccountWanted, ...]:
    """The accounts of ``path``, ``.csv`` or ``.xlsx``; its first row names the columns.

    Raises `FileRefused` with the row of the fault, or `SeveralFaults` with all of them.
    """
    try:
        content = _content(path)
    except OSError as error:
        raise FileRefused("the file cannot be read: {reason}.", (path, 1), reason=error.strerror) from error
    kinds = {".csv": _csv_rows, ".xlsx": _xlsx_rows}
    if path.suffix.lower() not in kinds:
        raise FileRefused("the file must be a .csv or .xlsx file: save it as one.", (path, 1))
    faults = Faults()
    rows = kinds[path.suffix.lower()](path, content, faults)
    with faults.keep():
        columns = _columns(path, next(rows, None))
        people = _people(path, rows, columns, faults)
    faults.refuse()
    return tuple(people)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise FileRefused("the file is larger than {largest} bytes.", (path, 1), largest=LARGEST)
    return content


def _decoded(path: Path, content: bytes) -> str:
    # UTF-8 first, as GB 18030 reads almost any bytes; UTF-16 only where its mark says so.
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused("the file is neither UTF-8 nor GB 18030: save it as CSV UTF-8.", (path, 1))


def _csv_rows(path: Path, content: bytes, faults: Faults) -> Iterator[Row]:
    text = _decoded(path, content)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                _fits(path, reader.line_num, len(row))
                yield reader.line_num, row
    except csv.Error as error:
        raise FileRefused("not CSV: {reason}.", (path, reader.line_num), reason=error) from error


def _xlsx_rows(path: Path, content: bytes, faults: Faults) -> Iterator[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise FileRefused("the file is larger than {largest} bytes.", (path, 1), largest=LARGEST)
        book = load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), 1):
            _fits(path, number, 0)
            texts = ["" if cell.value is None else _cell(cell.value) for cell in cells]
            if not any(text.strip() for text in texts):
                continue
            _fits(path, number, max(place for place, text in enumerate(texts, 1) if text))
            formula = next((cell.coordinate for cell in cells if cell.data_type == "f"), None)
            if formula:
                with faults.keep():
                    raise FileRefused("{cell} is a formula: write its value.", (path, number), cell=formula)
                continue
            yield number, texts
        book.close()
    except FileRefused:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        SyntaxError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
    ) as error:
        # openpyxl has no error of its own for a damaged file.
        raise FileRefused("not an XLSX file: save it anew as .xlsx.", (path, 1)) from error


def _cell(value: Any) -> str:
    return str(value)


def _fits(path: Path, row: int, columns: int) -> None:
    if row > MOST_ROWS + 1:
        raise FileRefused("the file has more than {most} rows: split it.", (path, row), most=MOST_ROWS)
    if columns > MOST_COLUMNS:
        raise FileRefused("the row has more than {most} columns.", (path, row), most=MOST_COLUMNS)


def _columns(path: Path, head: Row | None) -> dict[str, int]:
    known = {name: column for column, names in COLUMNS.items() for name in names}
    found: dict[str, int] = {}
    for place, title in enumerate(head[1] if head else ()):
        word = title.strip().lower()
        if not word:
            continue
        column = known.get(word)
        if column is None or column in found:
            raise FileRefused(
                "the column {column} is not known, or is there twice. Known: {known}.",
                (path, head[0] if head else 1),
                column=repr(title[:40]),
                known=", ".join(name for names in COLUMNS.values() for name in names),
            )
        found[column] = place
    for column in _REQUIRED:
        if column not in found:
            raise FileRefused(
                "the first row must name a column {column}.",
                (path, head[0] if head else 1),
                column=" / ".join(COLUMNS[column]),
            )
    return found


def _people(path: Path, rows: Iterator[Row], columns: dict[str, int], faults: Faults) -> list[AccountWanted]:
    made: dict[str, AccountWanted] = {}
    for number, cells in rows:
        place = Place(str(path), number)
        with faults.keep(place):
            values = {column: cells[at].strip() if at < len(cells) else "" for column, at in columns.items()}
            person = _person(place, values)
            if person.name in made:
                raise Refusal(
                    "{account} is in row {row} already: keep one of the two.",
                    account=person.name,
                    row=made[person.name].place.line,
                )
            made[person.name] = person
    return list(made.values())


def _person(place: Place, values: dict[str, str]) -> AccountWanted:
    for column, value in values.items():
        if value.startswith(_FORMULA):
            raise Refusal("{column} reads as a formula: write its value.", column=column)
    name, shown = checked_name(values["account"]), values["display_name"]
    if not 0 < len(shown) <= 200 or not one_line(shown):
        raise Refusal("display_name must be one line of text of at most {longest} characters.", longest=200)
    words = [word for word in re.split(r"[\s,;/+、，；]+", values["roles"]) if word]
    held = frozenset(_one_of("roles", ROLES, word) for word in words)
    roles.check(name, held)
    status = values.get("status", "")
    state = _one_of("status", STATUSES, status) if status else AccountStatus.ACTIVE
    return AccountWanted(place, name, shown, held, state)


def _one_of(column: str, choices: Mapping[Any, tuple[str, ...]], word: str) -> Any:
    for choice, words in choices.items():
        if word.lower() in words:
            return choice
    raise Refusal(
        "{column} cannot be {word}. Known: {known}.",
        column=column,
        word=repr(word[:40]),
        known=", ".join(word for words in choices.values() for word in words),
    )
