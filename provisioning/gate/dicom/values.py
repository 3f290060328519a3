"""An attribute's value as its bytes say it, checked against its value representation (PS3.5 table 6.2-1)."""

from __future__ import annotations

import re
import struct
from datetime import date, timedelta
from typing import Any

from pydicom.charset import decode_bytes, python_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from provisioning.gate.dicom.profile import TEXT_VRS, most_values, vr_of

DUMMY_DATE, DUMMY_TIME, DUMMY_TEXT = "19000101", "000000", "DEIDENTIFIED"
LONGEST = {"AE": 16, "AS": 4, "CS": 16, "DS": 16, "IS": 12, "LO": 64, "SH": 16, "PN": 64, "UI": 64}
"""Characters of a value, by value representation; others have `LONGEST_TEXT`."""
LONGEST_TEXT = 10_240
LONGEST_NUMBERS = 1 << 20
"""Bytes of an attribute with many numbers."""

_CHINESE = frozenset({"gb18030", "gbk", "gb2312", "iso_ir_58"})
_MISREAD = re.compile(r"[\x80-\xff]{2}|\ufffd")
"""Letters side by side that come of reading Chinese in a Western encoding."""
_PATTERNS = {
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9_ ]{0,16}"),
    "DS": re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "IS": re.compile(r"[+-]?\d{1,11}"),
    "UI": re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+"),
    "TM": re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(\.\d{1,6})?)?"),
}
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_DATETIME = re.compile(r"(\d{8})((?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?)?([+-]\d{4})?")
_NUMBERS = {
    "US": "H",
    "SS": "h",
    "UL": "L",
    "SL": "l",
    "FL": "f",
    "FD": "d",
    "UV": "Q",
    "SV": "q",
    "AT": "HH",
}


BINARY = frozenset(_NUMBERS)
"""Value representations of numbers that are not written in digits."""


def raw_of(dataset: Dataset, tag: int) -> tuple[str, bytes] | None:
    """Value representation and bytes of an attribute that is no sequence; None where it has no place here.

    The representation must be one that PS3.6 gives the attribute: a name in a "decimal" is none.
    """
    element = dataset.get_item(tag)
    if isinstance(element, DataElement):
        # pydicom converts these two as it reads, since others depend on them.
        if tag == 0x00080005:
            return "CS", "\\".join(charsets_of(dataset)).encode()
        if tag == 0x00280103 and element.value in (0, 1):
            return "US", struct.pack("<H", element.value)
        return (vr_of(tag), b"") if element.is_empty else None
    if not isinstance(element, RawDataElement):
        return None
    known = vr_of(tag)
    vr = element.VR or known
    if vr != known and {vr, known} != {"US", "SS"}:
        return None
    return vr, bytes(element.value or b"")


def charsets_of(dataset: Dataset, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The Specific Character Set of a data set or item, or else of what it lies in."""
    element = dataset.get_item(0x00080005)
    value: Any = getattr(element, "value", None)
    if not value:
        return before
    if isinstance(value, bytes):
        value = value.decode("latin-1").split("\\")
    return tuple(str(one).strip() for one in ([value] if isinstance(value, str) else value))


def code_of(dataset: Dataset, tag: int) -> str:
    """An attribute's bytes as text whatever they are, for comparing; empty where it is not there."""
    found = raw_of(dataset, tag)
    return found[1].rstrip(b"\0 ").decode("latin-1").strip() if found else ""


def number_of(dataset: Dataset, tag: int) -> int | None:
    """An attribute of one US; None where it is not there. Repeating groups are not in PS3.6's table."""
    content = bytes(getattr(dataset.get_item(tag), "value", b"") or b"") if tag in dataset else b""
    return int.from_bytes(content, "little") if len(content) == 2 else None


def text_of(dataset: Dataset, tag: int, charsets: tuple[str, ...], *, strict: bool = True) -> str | None:
    """An attribute's text, values parted by a backslash; None where nobody can say what it reads.

    Letters beyond ASCII are believed in an encoding of many bytes only: in Chinese hospitals GB 18030 often
    stands under a Western encoding or none. Without ``strict`` such text is read as GB 18030.
    """
    found = raw_of(dataset, tag)
    if found is None:
        return None
    vr, content = found
    content = content.rstrip(b"\0 ")
    if content.isascii() and b"\x1b" not in content:
        return None if vr in TEXT_VRS and _control(content) else content.decode("ascii")
    text = _decoded(content, charsets) if vr in TEXT_VRS else None
    if text is not None:
        return text
    if strict:
        return None
    return content.decode("gb18030", "replace")


def _decoded(content: bytes, charsets: tuple[str, ...]) -> str | None:
    """Text in Unicode or Chinese, where it cannot be anything else."""
    encodings = [python_encoding.get(name, "").lower() for name in charsets]
    try:
        if encodings == ["utf8"]:
            text = content.decode("utf-8")
        elif not _CHINESE & set(encodings) or _is_utf_8(content):
            return None
        elif len(encodings) == 1 and encodings != ["iso_ir_58"]:
            text = content.decode(encodings[0])
        else:
            text = decode_bytes(content, encodings, {ord("\\"), ord("^"), ord("=")})
            # pydicom leaves the escape to GB 2312 (PS3.3 C.12.1.1.2) in what it decodes.
            text = text.replace("\x1b$)A", "").replace("\x1b(B", "")
    except (UnicodeError, LookupError, ValueError):
        return None
    hidden = any(ord(letter) < 32 and letter not in "\t\n\f\r" for letter in text)
    return None if hidden or _MISREAD.search(text) else text


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeError:
        return False
    return not content.isascii()


def _control(content: bytes) -> bool:
    return any(byte < 32 and byte not in b"\t\n\f\r" for byte in content) or b"\x7f" in content


def simple(vr: str, content: bytes, tag: int) -> Any:
    """The value, or list of values, of a code, number or time; None where it is not of its representation."""
    most = most_values(tag)
    if len(content) > LONGEST_NUMBERS:
        return None
    if vr in _NUMBERS:
        code = _NUMBERS[vr]
        size = struct.calcsize("<" + code)
        if len(content) % size:
            return None
        values: list[Any] = (
            [one[0] for one in struct.iter_unpack("<" + code, content)]
            if vr != "AT"
            else [high << 16 | low for high, low in struct.iter_unpack("<HH", content)]
        )
    else:
        pattern = _PATTERNS.get(vr)
        if pattern is None or not content.isascii():
            return None
        text = content.rstrip(b"\0").decode("ascii").strip(" ")
        values = [part.strip(" ") for part in text.split("\\")]
        if any(part and (not pattern.fullmatch(part) or len(part) > LONGEST.get(vr, 64)) for part in values):
            return None
        if values == [""]:
            values = []
    if most is not None and len(values) > most:
        return None
    return values[0] if len(values) == 1 else values


def moved(vr: str, content: bytes, days: int) -> str | None:
    """Dates, date-times or times (values parted by a backslash) ``days`` later; None where one is none.

    A date-time loses its zone, which tells where the hospital is; one without a day cannot be moved.
    """
    if not content.isascii():
        return None
    made = []
    for part in content.rstrip(b"\0 ").decode("ascii").split("\\"):
        one = part.strip(" ")
        if not one:
            made.append("")
        elif vr == "TM":
            plain = one.replace(":", "")
            if not _PATTERNS["TM"].fullmatch(plain):
                return None
            made.append(plain)
        else:
            match = (_DATE if vr == "DA" else _DATETIME).fullmatch(one)
            day = shifted("".join(match.groups()[:3]) if vr == "DA" else match[1], days) if match else None
            if day is None or match is None:
                return None
            made.append(day + (match[2] or "" if vr == "DT" else ""))
    return "\\".join(made)


def shifted(day: str, days: int) -> str | None:
    """The day YYYYMMDD ``days`` later; None where there is none."""
    try:
        return (
            (date(int(day[:4]), int(day[4:6]), int(day[6:8])) + timedelta(days)).strftime("%Y%m%d").zfill(8)
        )
    except (ValueError, OverflowError):
        return None
