"""The files that an extract is made of, each read as a table of text; what is hostile in them is refused."""

from __future__ import annotations

import csv
import os
import stat
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb

from provisioning.extracts.dictionary import Dictionary, Table
from provisioning.extracts.tabulate import TableRefused, stage_csv, stage_parquet
from provisioning.refusal import Refusal

READABLE = (".csv", ".xlsx", ".parquet")
LARGEST_PART = 8 * 1024**3
"""Bytes that one part of a workbook may unpack to."""
LARGEST_WORDS = 512 * 1024**2
"""Bytes that a workbook's shared texts may unpack to: they are held in memory."""
LARGEST_RATIO = 200
"""How many times its size a part of a workbook may unpack to; sheets of real data stay below 30."""
LARGEST_TEXT = 16 * 1024**2
"""Bytes of one text file."""
_BLOCK = 1 << 20


def find(source: Path, dictionary: Dictionary) -> dict[str, Path]:
    """Name of a table or of images to its file or folder; everything readable has its partner.

    Raises `TableRefused`: a file too many or too few, or a link, which may lead out of the source.
    """
    if source.is_dir():
        entries = list(source.iterdir())
    elif source.is_file():
        entries = [source]
    else:
        raise Refusal("{source} is neither a CSV, XLSX or Parquet file nor a folder of them.", source=source)
    faults: list[Refusal] = [
        Refusal("{file} is a link, which may lead anywhere. Put the file itself there.", file=path.name)
        for path in sorted(entries)
        if source.is_dir() and path.is_symlink()
    ]
    present = {path.name: path for path in entries if path.suffix.lower() in READABLE}
    folders = {path.name: path for path in entries if path.is_dir() and not path.is_symlink()}
    wanted = {table.file: table.name for table in dictionary.tables if not table.file.endswith("/*.txt")}
    within = {table.file: table.name for table in dictionary.tables if table.file.endswith("/*.txt")}
    faults += [
        Refusal("{file} is not in the dictionary. Describe it, or take it away.", file=name)
        for name in sorted(present.keys() - wanted.keys())
    ]
    known = {file.partition("/")[0] for file in within} | {one.folder for one in dictionary.images}
    faults += [
        Refusal("{file} is not in the dictionary. Describe it, or take it away.", file=f"{name}/")
        for name in sorted(folders.keys() - known)
    ]
    absent = [name for name in wanted if name not in present]
    absent += [file for file in within if file.partition("/")[0] not in folders]
    absent += [f"{one.folder}/" for one in dictionary.images if one.folder not in folders]
    faults += [
        Refusal("{file} is in the dictionary but not in {source}.", file=name, source=source)
        for name in sorted(absent)
    ]
    if faults:
        raise TableRefused(faults)
    found = {table: present[file] for file, table in wanted.items()}
    found.update({table: folders[file.partition("/")[0]] for file, table in within.items()})
    found.update({one.name: folders[one.folder] for one in dictionary.images})
    return found


def stage(connection: duckdb.DuckDBPyConnection, source: Path, table: Table, scratch: Path) -> int:
    """Read ``source`` into the table ``staged`` of the connection, as text; return the rows."""
    kind = source.suffix.lower()
    if kind == ".parquet":
        return stage_parquet(connection, source, table, source.name)
    plain = source
    if source.is_dir():
        plain = _written(scratch, _texts(source, table))
    elif kind == ".xlsx":
        plain = _written(scratch, _workbook(source, table))
    elif table.encoding != "utf-8":
        plain = _recoded(source, table.encoding, scratch)
    try:
        return stage_csv(connection, plain, table, table.file)
    finally:
        if plain is not source:
            plain.unlink(missing_ok=True)


def regular_files(folder: Path) -> Iterator[Path]:
    """Every file below ``folder``, by name. Raises `TableRefused` at a link or special file."""
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            yield path
        elif not stat.S_ISDIR(mode):
            raise _refused(
                "{file} is a link, which may lead anywhere. Put the file itself there.",
                path.relative_to(folder.parent),
            )


def _written(scratch: Path, rows: Iterator[list[str]]) -> Path:
    """The rows as CSV, every cell quoted, so that none can be taken for several."""
    path = scratch / "plain.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows(rows)
    return path


def _recoded(source: Path, encoding: str, scratch: Path) -> Path:
    path = scratch / "plain.csv"
    try:
        with (
            source.open(encoding=encoding, newline="") as file,
            path.open("w", encoding="utf-8", newline="") as plain,
        ):
            while block := file.read(_BLOCK):
                plain.write(block)
    except UnicodeDecodeError:
        raise _refused("{file} is not in the encoding that the dictionary names.", source.name) from None
    return path


def _texts(folder: Path, table: Table) -> Iterator[list[str]]:
    yield ["file", "text"]
    for path in regular_files(folder):
        shown = path.relative_to(folder.parent)
        if path.suffix != ".txt":
            raise _refused("{file} is not in the dictionary. Describe it, or take it away.", shown)
        if path.stat().st_size > LARGEST_TEXT:
            raise _refused("{file} is larger than a text may be. Split it.", shown)
        try:
            content = path.read_text(encoding=table.encoding)
        except UnicodeDecodeError:
            raise _refused("{file} is not in the encoding that the dictionary names.", shown) from None
        yield [
            str(path.relative_to(folder).with_suffix("")),
            content.replace("\r\n", "\n").replace("\r", "\n"),
        ]


def _workbook(source: Path, table: Table) -> Iterator[list[str]]:
    """The rows of a workbook's sheet. Raises `TableRefused` for bombs, formulas and errors in cells."""
    import openpyxl  # noqa: PLC0415 (slow to load)

    _refuse_bombs(source)
    try:
        book = openpyxl.load_workbook(source, read_only=True, data_only=False, keep_links=False)
    except Exception:
        raise _refused("{file} cannot be read as a workbook. Save it anew as XLSX.", source.name) from None
    try:
        names = book.sheetnames
        if table.sheet is None and len(names) != 1:
            raise _refused("{file} has several sheets: name one with sheet in the dictionary.", source.name)
        if table.sheet is not None and table.sheet not in names:
            raise _refused("{file} has no sheet of the name in the dictionary.", source.name)
        sheet = book[table.sheet or names[0]]
        width, moments = 0, {column.name for column in table.columns if column.type == "datetime"}
        in_full: set[int] = set()
        for number, row in enumerate(sheet.iter_rows(), start=1):
            cells = [_cell(cell, source.name, number, place in in_full) for place, cell in enumerate(row)]
            if number == 1:
                while cells and not cells[-1]:
                    cells.pop()
                width, in_full = len(cells), {place for place, name in enumerate(cells) if name in moments}
            if any(cells[width:]):
                raise _refused(
                    "{file} has a value outside its columns in row {row}.", source.name, row=number
                )
            if any(cells) or number == 1:
                yield (cells + [""] * width)[:width]
    except TableRefused:
        raise
    except Exception:
        raise _refused("{file} cannot be read as a workbook. Save it anew as XLSX.", source.name) from None
    finally:
        book.close()


def _cell(cell: Any, shown: str, row: int, in_full: bool) -> str:
    """A cell's text; of a moment, the time too where it is not midnight or ``in_full``."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        raise _refused(
            "{file} has a formula or an error in row {row}. Replace formulas by their values.", shown, row=row
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        midnight = value.time() == time(0) and not in_full
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def _refuse_bombs(source: Path) -> None:
    try:
        with zipfile.ZipFile(source) as packed:
            parts = packed.infolist()
    except (OSError, zipfile.BadZipFile):
        raise _refused("{file} cannot be read as a workbook. Save it anew as XLSX.", source.name) from None
    packed_size = os.stat(source).st_size
    for part in parts:
        most = LARGEST_WORDS if part.filename.endswith("sharedStrings.xml") else LARGEST_PART
        swells = part.file_size > _BLOCK and part.file_size > LARGEST_RATIO * max(1, part.compress_size)
        if part.file_size > most or swells:
            raise _refused("{file} unpacks to far more than its size. Save it as CSV.", source.name)
    if len(parts) > 10_000 or sum(part.compress_size for part in parts) > packed_size:
        raise _refused("{file} cannot be read as a workbook. Save it anew as XLSX.", source.name)


def _refused(message: str, shown: object, **values: object) -> TableRefused:
    return TableRefused([Refusal(message, file=shown, **values)])
