"""The index of an extract's images: tables of instances and of series, Parquet like any other table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from pydicom.dataset import Dataset

from provisioning.extracts.dictionary import Column, Images, Table
from provisioning.extracts.sql import name_of
from provisioning.gate.dicom.deidentify import Made
from provisioning.gate.dicom.policy import ImagePolicy
from provisioning.gate.dicom.profile import CHARACTERISTICS, TABLES
from provisioning.gate.dicom.suspects import class_name
from provisioning.gate.policy import TablePolicy, Treatment

_SERIES = {
    "same": "CASE WHEN count(DISTINCT {0}) = 1 THEN min({0}) END",
    "sum": "CAST(sum(CAST({0} AS BIGINT)) AS VARCHAR)",
    "count": "CAST(count(*) AS VARCHAR)",
}
"""How a series' value is made of its instances' (SQL); by default the one that all have."""


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    unit: str
    only_with: str
    """The part of the policy that the column comes of; empty: always."""
    of_series: str
    """A key of `_SERIES`; empty: no column of series."""
    en: str
    zh: str

    def series_sql(self) -> str:
        """The column of a series."""
        return f"{_SERIES[self.of_series].format(name_of(self.name))} AS {name_of(self.name)}"


@cache
def _columns() -> tuple[_Field, ...]:
    with (TABLES / "index_columns.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_Field(**row) for row in csv.DictReader(file))


@cache
def _modalities() -> dict[str, dict[str, str]]:
    with (TABLES / "modalities.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: {"en": row["en"], "zh": row["zh"]} for row in csv.DictReader(file)}


def names(images: Images) -> tuple[str, str]:
    """The names of the two tables: instances and series."""
    return f"{images.name}_instances", f"{images.name}_series"


class Index:
    """Collects a row for each instance in a file, and makes the two tables of it."""

    def __init__(self, images: Images, policy: ImagePolicy, scratch: Path) -> None:
        self.images, self.policy = images, policy
        parts = _parts(policy)
        self._fields = [one for one in _columns() if one.only_with in parts]
        self._of_series = [one for one in _columns() if one.only_with in parts | {"series"} and one.of_series]
        self._path = scratch / f"{images.name}.csv"
        self._file = self._path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        self._writer.writerow([one.name for one in self._fields])

    def row(self, written: Dataset, made: Made, path: str) -> None:
        """Add the instance that was written to ``path``."""
        values = _values(written, made, path)
        self._writer.writerow([values.get(one.name, "") for one in self._fields])

    def close(self) -> Path:
        """The CSV of instances, in the order of treatment."""
        self._file.close()
        return self._path

    def instances(self) -> Table:
        """The table of instances, as a dictionary would describe it."""
        return self._table(names(self.images)[0], self._fields, "instances", "图像")

    def series(self) -> Table:
        """The table of series."""
        return self._table(names(self.images)[1], self._of_series, "series", "序列")

    def _table(self, name: str, fields: Sequence[_Field], en: str, zh: str) -> Table:
        title = {"en": f"{self.images.title['en']}: {en}", "zh": f"{self.images.title['zh']}：{zh}"}
        return Table(name, f"{self.images.folder}/", title, (), tuple(map(_column, fields)))

    def to_series(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Turn the staged table of instances into that of series."""
        made = ", ".join(one.series_sql() for one in self._of_series)
        connection.execute(
            f"CREATE TABLE series AS SELECT {made} FROM staged GROUP BY series_uid "  # noqa: S608 - quoted
            "ORDER BY series_uid"
        )
        connection.execute("DROP TABLE staged")
        connection.execute("ALTER TABLE series RENAME TO staged")

    def rules(self, table: Table) -> TablePolicy:
        """What verification needs to know of a table of the index: who is whose, what others may know."""
        treated = {one.name: Treatment("keep") for one in table.columns}
        treated["patient_id"] = Treatment("pseudonymise")
        if "accession_number" in treated:
            treated["accession_number"] = Treatment("pseudonymise")
        if "study_date" in treated:
            treated["study_date"] = Treatment("shift_dates")
        quasi = tuple(name for name in CHARACTERISTICS if name in treated)
        return TablePolicy(treated, "patient_id", quasi, (), self.policy.expected)


def by_file(connection: duckdb.DuckDBPyConnection) -> None:
    """Sort the staged instances by their file, so that a finding's position is a row of the table."""
    connection.execute('CREATE TABLE sorted AS SELECT * FROM staged ORDER BY "file"')
    connection.execute("DROP TABLE staged")
    connection.execute("ALTER TABLE sorted RENAME TO staged")


def _parts(policy: ImagePolicy) -> set[str]:
    """What the policy keeps, as ``only_with`` names it."""
    return {
        "",
        *(["accession_number"] if policy.accession_number else []),
        *(["dates"] if policy.options.modified_dates else []),
        *(["descriptors"] if policy.options.descriptors else []),
        *policy.characteristics,
    }


def _column(field: _Field) -> Column:
    codes = _modalities() if field.name == "modality" else None
    return Column(field.name, field.type, field.unit or None, {"en": field.en, "zh": field.zh}, codes)


def _values(written: Dataset, made: Made, path: str) -> dict[str, str]:
    spacing = list(_spacing(written))
    found: dict[str, Any] = {
        "patient_id": made.patient,
        "accession_number": made.accession,
        "study_date": _date(str(written.get("StudyDate") or "")),
        "sex": written.get("PatientSex"),
        "age": int(str(written.PatientAge)[:3]) if written.get("PatientAge") else None,
        "size": written.get("PatientSize"),
        "weight": written.get("PatientWeight"),
        "study_uid": written.StudyInstanceUID,
        "series_uid": written.SeriesInstanceUID,
        "instance_uid": written.SOPInstanceUID,
        "file": path,
        "modality": _known(written.get("Modality")),
        "sop_class": class_name(str(written.SOPClassUID)),
        "image_type": "/".join(_listed(written.get("ImageType"))),
        "body_part": written.get("BodyPartExamined"),
        "manufacturer": written.get("Manufacturer"),
        "model": written.get("ManufacturerModelName"),
        "study_description": written.get("StudyDescription"),
        "series_description": written.get("SeriesDescription"),
        "series_number": written.get("SeriesNumber"),
        "instance_number": written.get("InstanceNumber"),
        "rows": written.Rows,
        "columns": written.Columns,
        "frames": written.get("NumberOfFrames") or 1,
        "spacing_rows": spacing[0] if len(spacing) == 2 else None,
        "spacing_columns": spacing[1] if len(spacing) == 2 else None,
        "slice_thickness": written.get("SliceThickness") or _shared(written, "SliceThickness"),
        "bits_stored": written.BitsStored,
        "transfer_syntax": written.file_meta.TransferSyntaxUID,
    }
    return {name: "" if value is None else " ".join(str(value).split()) for name, value in found.items()}


def _spacing(written: Dataset) -> list[Any]:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        found = _listed(written.get(keyword))
        if found:
            return found
    return _listed(_shared(written, "PixelSpacing"))


def _shared(written: Dataset, keyword: str) -> Any:
    """A measure of the pixels that all frames of an enhanced image share (PS3.3 C.7.6.16.2.1)."""
    for groups in written.get("SharedFunctionalGroupsSequence") or ():
        for measures in groups.get("PixelMeasuresSequence") or ():
            return measures.get(keyword)
    return None


def _listed(value: Any) -> list[Any]:
    if value in (None, ""):
        return []
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else [value]


def _known(modality: Any) -> str:
    return str(modality) if str(modality) in _modalities() else "OT"


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 else ""
