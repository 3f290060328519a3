"""An extract's dictionary (``dictionary.yaml``): what its tables and columns are, in two languages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.lined_yaml import Section, load
from provisioning.refusal import Refusal
from provisioning.registry.columns import checked_name

TYPES = ("integer", "number", "string", "boolean", "date", "datetime")

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FILE = re.compile(r"[^\W_][\w.-]{0,120}\.(csv|xlsx|parquet)", re.IGNORECASE)
_TEXTS = re.compile(r"[^\W_][\w-]{0,120}/\*\.txt")
_FOLDER = re.compile(r"[^\W_][\w-]{0,120}")
TEXT_COLUMNS = ("file", "text")
"""The columns of a table of text files: each file's name without .txt, and its text."""
ENCODINGS = ("utf-8", "gb18030")


@dataclass(frozen=True)
class Column:
    """One column; ``codes`` are the values it may have, with their titles, or None."""

    name: str
    type: str
    unit: str | None
    title: dict[str, str]
    codes: dict[str, dict[str, str]] | None


@dataclass(frozen=True)
class Table:
    """One table and the file that it comes from; ``missing`` are texts that stand for no value.

    ``file`` is the name of a CSV, XLSX or Parquet file, or ``FOLDER/*.txt`` for one text a row.
    """

    name: str
    file: str
    title: dict[str, str]
    missing: tuple[str, ...]
    columns: tuple[Column, ...]
    encoding: str = "utf-8"
    """Of CSV and text files."""
    sheet: str | None = None
    """Of a workbook; None: its only one."""


@dataclass(frozen=True)
class Images:
    """A folder of DICOM files; its index becomes the tables ``NAME_instances`` and ``NAME_series``."""

    name: str
    folder: str
    title: dict[str, str]


@dataclass(frozen=True)
class Dictionary:
    """Everything that the data do not say about themselves."""

    name: str
    title: dict[str, str]
    source: str
    licence: str
    tables: tuple[Table, ...]
    images: tuple[Images, ...] = ()


def read_dictionary(path: Path) -> Dictionary:
    """Read ``path``. Raises `lined_yaml.FileRefused` with the line of the first fault."""
    top = load(path)
    try:
        name = checked_name(top.text("name"))
    except Refusal as refusal:
        raise top.refuse(refusal.message, "name", **refusal.values) from refusal
    title = two_titles(top, "title")
    source, licence = top.text("source", longest=1000), top.text("licence")
    images = _images(top)
    below: Section | None = top.section("tables", None) if images else top.section("tables")
    tables = tuple(_table(top, str(key), one) for key, one in (below.sections() if below else ()))
    top.finish()
    if not tables and not images:
        raise top.refuse("tables must name at least one table.", "tables")
    if len({table.file for table in tables}) != len(tables):
        raise top.refuse("two tables come from one file.", "tables")
    _apart(top, tables, images)
    return Dictionary(name, title, source, licence, tables, images)


def _images(top: Section) -> tuple[Images, ...]:
    section: Section | None = top.section("images", None)
    found = []
    for key, below in section.sections() if section is not None else ():
        if not _TABLE.fullmatch(str(key)):
            raise below.refuse(
                "{table} is not a table's name: use lower-case letters, digits and underscores.", table=key
            )
        folder = below.text("folder")
        if not _FOLDER.fullmatch(folder):
            raise below.refuse("{folder} is not the name of a folder in the source.", "folder", folder=folder)
        found.append(Images(str(key), folder, two_titles(below, "title")))
        below.finish()
    return tuple(found)


def _apart(top: Section, tables: tuple[Table, ...], images: tuple[Images, ...]) -> None:
    """Refuse two that would have one folder or name."""
    folders = [one.folder for one in images]
    folders += [table.file.partition("/")[0] for table in tables if "/" in table.file]
    if len(set(folders)) != len(folders):
        raise top.refuse("two tables come from one file.", "images")
    taken = {table.name for table in tables}
    for one in images:
        for name in (one.name, f"{one.name}_instances", f"{one.name}_series"):
            if name in taken:
                raise top.refuse("{table} is there twice. Rename one.", "images", table=name)
            taken.add(name)


def two_titles(section: Section, key: str | int) -> dict[str, str]:
    """A title under ``key``: ``{en: ..., zh: ...}``, both wanted."""
    titles: Section = section.section(key)
    pair = {"en": titles.text("en"), "zh": titles.text("zh")}
    titles.finish()
    return pair


def _table(top: Section, name: str, section: Section) -> Table:
    if not _TABLE.fullmatch(name):
        raise section.refuse(
            "{table} is not a table's name: use lower-case letters, digits and underscores.", table=name
        )
    file = section.text("file")
    if not _FILE.fullmatch(file) and not _TEXTS.fullmatch(file):
        raise section.refuse(
            "{file_name} is not the name of a CSV, XLSX or Parquet file, nor FOLDER/*.txt.",
            "file",
            file_name=file,
        )
    title = two_titles(section, "title")
    missing = tuple(text for _, text in section.texts("missing", []))
    columns = tuple(_column(below, key) for key, below in section.section("columns").sections())
    encoding = section.choice("encoding", ENCODINGS, "utf-8")
    sheet = section.text("sheet", None)
    section.finish()
    if not columns:
        raise section.refuse("{table} has no columns.", "columns", table=name)
    if file.endswith("*.txt") and tuple((one.name, one.type) for one in columns) != tuple(
        (column, "string") for column in TEXT_COLUMNS
    ):
        raise section.refuse("texts have the columns file and text, of type string.", "columns")
    return Table(name, file, title, missing, columns, encoding, sheet)


def _column(section: Section, name: Any) -> Column:
    if not isinstance(name, str) or not 0 < len(name) <= 128:
        raise section.refuse(
            "{column} is not a column's name; put quotes around what reads as a number.", column=name
        )
    column = Column(
        name=name,
        type=section.choice("type", TYPES),
        unit=section.text("unit", None),
        title=two_titles(section, "title"),
        codes=_codes(section),
    )
    section.finish()
    return column


def _codes(section: Section) -> dict[str, dict[str, str]] | None:
    codes: Section | None = section.section("codes", None)
    if codes is None:
        return None
    if section.choice("type", TYPES) not in ("integer", "string"):
        raise section.refuse("only a column of type integer or string can have codes.", "codes")
    found = {}
    for key, _ in codes.sections():
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise codes.refuse("put quotes around the code {code}.", key, code=key)
        found[str(key)] = two_titles(codes, key)
    return found
