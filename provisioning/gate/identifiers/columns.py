"""Finding direct identifiers in a column, batch after batch, whatever its name.

A cell that is nothing but a number is judged with its column: by chance alone one in thirteen numbers of
eleven digits looks like a mobile number. So such numbers are counted, vectorised, against the numbers of
the same length, and only a share that chance does not give is a finding. Everything else is read as text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from math import sqrt
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from provisioning.gate.identifiers import chinese_names, latin_names
from provisioning.gate.identifiers.checks import PROVINCES
from provisioning.gate.identifiers.column_names import kind_of_name
from provisioning.gate.identifiers.kinds import Kind
from provisioning.gate.identifiers.text import find_in_text

POSITIONS = 5
"""How many rows a finding names."""
REMEMBERED = 100_000
"""How many digests of distinct texts are remembered with what was found in them, so that none is read twice."""
_NAMES_READ = 20_000
"""How many distinct short values a column needs at most before it is known whether they are names."""


@dataclass(frozen=True)
class ColumnFinding:
    """A kind of identifier in a column.

    ``count``: rows that hold one (for ``by="name"``: rows with any value); ``rows_checked``: rows with a value;
    ``positions``: the first rows concerned, from 0; ``confidence``: 0 to 1.
    """

    kind: Kind
    by: Literal["name", "content"]
    count: int
    rows_checked: int
    positions: tuple[int, ...]
    confidence: float


@dataclass
class _Tally:
    """Rows that match, out of the rows of the same shape."""

    count: int = 0
    positions: list[int] = field(default_factory=list)

    def add(self, rows: np.ndarray) -> None:
        self.count += len(rows)
        if len(self.positions) < POSITIONS:
            self.positions += [int(row) for row in rows[: POSITIONS - len(self.positions)]]


@dataclass(frozen=True)
class _Shape:
    """Cells of nothing but digits that may be of a kind: lengths, the share by chance, the share that convinces."""

    kind: Kind
    lengths: tuple[int, ...]
    chance: float
    share: float


_SHAPES = (
    _Shape(Kind.RESIDENT_ID, (18,), 0.0002, 0.0),
    _Shape(Kind.RESIDENT_ID, (15,), 0.015, 0.8),
    _Shape(Kind.MOBILE_PHONE, (11,), 0.08, 0.8),
    _Shape(Kind.MOBILE_PHONE, (13,), 0.001, 0.1),
    _Shape(Kind.BANK_CARD, (16, 17, 18, 19), 0.05, 0.8),
    _Shape(Kind.LANDLINE_PHONE, (11, 12), 0.02, 0.8),
    _Shape(Kind.DATE, (8,), 0.01, 0.8),
)
_DIGITS = r"^[0-9]{8,19}$"
_SUSPECT = r"[0-9]{5}|[0-9][-/. 年][0-9]|@|://|www\.|[0-9A-Fa-f]{2}[:.-][0-9A-Fa-f]{2}|[A-Z][A-Za-z'-]+,? +[A-Z]|[A-Za-z][0-9]{4}|[0-9]{2}月|[0-9] ?岁|年|[A-Z][a-z]+ [0-9]"
"""What a text in Latin letters must hold for any detector to find something; RE2 reads it before Python does."""


class ColumnScan:
    """One column of any type, fed in batches of any size; holds counts and row numbers, never a value."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rows = 0
        self.rows_checked = 0
        self._shapes = [_Tally() for _ in _SHAPES]
        self._lengths = np.zeros(32, dtype=np.int64)
        self._texts: dict[Kind, _Tally] = {}
        self._short = 0
        self._names = {"chinese": _Tally(), "latin": _Tally()}
        self._surnames: set[bytes] = set()
        self._name_values = 0
        self._name_like = {"chinese": 0, "latin": 0}
        self._dated: _Tally = _Tally()
        self._years: list[int] = []
        self._present: _Tally = _Tally()
        self._seen: OrderedDict[bytes, tuple[Kind, ...]] = OrderedDict()
        self._salt = np.random.default_rng().bytes(16)

    def feed(self, values: Iterable[object]) -> None:
        """Look at the next rows: an Arrow array, a NumPy array or any iterable of values and None."""
        array = _array(values)
        chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
        for chunk in chunks:
            self._feed(chunk)

    def _feed(self, array: pa.Array) -> None:
        base = self.rows
        self.rows += len(array)
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if pa.types.is_nested(array.type):
            array = pa.array([None if one is None else str(one) for one in array.to_pylist()], pa.string())
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(valid) + base
        array = array.drop_null()
        if pa.types.is_temporal(array.type) and not pa.types.is_time(array.type) and not pa.types.is_duration(array.type):
            self._checked(rows)
            self._dated.add(rows)
            self._years += _sample(pc.year(array).to_numpy(zero_copy_only=False))
            return
        text = _strings(array)
        if text is None:
            self._checked(rows)
            return
        text = pc.utf8_trim_whitespace(text)
        filled = pc.not_equal(text, "").to_numpy(zero_copy_only=False)
        text, rows = text.filter(pa.array(filled)), rows[filled]
        self._checked(rows)
        digits = pc.match_substring_regex(text, _DIGITS).to_numpy(zero_copy_only=False)
        if digits.any():
            self._numbers(text.filter(pa.array(digits)), rows[digits])
        if not digits.all():
            self._read(text.filter(pa.array(~digits)), rows[~digits])

    def _checked(self, rows: np.ndarray) -> None:
        self.rows_checked += len(rows)
        self._present.add(rows)

    # Numbers

    def _numbers(self, text: pa.Array, rows: np.ndarray) -> None:
        lengths = pc.binary_length(text).to_numpy(zero_copy_only=False)
        for length in np.unique(lengths):
            of_length = lengths == length
            self._lengths[length] += int(of_length.sum())
            digits = _matrix(text.filter(pa.array(of_length)), int(length))
            for shape, tally in zip(_SHAPES, self._shapes, strict=True):
                if length in shape.lengths:
                    matches = _MATCH[shape.kind](digits)
                    tally.add(rows[of_length][matches])
                    if shape.kind is Kind.DATE and matches.any():
                        self._years += _sample(_number(digits[matches][:, :4]))

    # Texts

    def _read(self, text: pa.Array, rows: np.ndarray) -> None:
        encoded = text.dictionary_encode()
        values, codes = encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)
        self._look_for_names(values, codes, rows)
        suspect = pc.or_(
            pc.match_substring_regex(values, _SUSPECT), pc.invert(pc.string_is_ascii(values))
        ).to_numpy(zero_copy_only=False)
        kinds_of: dict[Kind, list[int]] = {}
        for code in np.flatnonzero(suspect):
            for kind in self._kinds(values[int(code)].as_py()):
                kinds_of.setdefault(kind, []).append(int(code))
        for kind, found in kinds_of.items():
            holds = np.zeros(len(values), dtype=bool)
            holds[found] = True
            self._texts.setdefault(kind, _Tally()).add(rows[holds[codes]])

    def _kinds(self, value: str) -> tuple[Kind, ...]:
        """The kinds in one text; the digest of a text that was read is kept, with a key that nobody has."""
        digest = blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16, key=self._salt).digest()
        kinds = self._seen.get(digest)
        if kinds is None:
            found = find_in_text(value)
            kinds = tuple(sorted({one.kind for one in found}))
            if Kind.DATE in kinds and self._years is not None and len(self._years) < 20_000 and len(value) < 24:
                self._years += _years(value)
            self._seen[digest] = kinds
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return kinds

    def _look_for_names(self, values: pa.Array, codes: np.ndarray, rows: np.ndarray) -> None:
        """Whether the short values are names: judged by their share, since surnames are words as well."""
        lengths = pc.utf8_length(values).to_numpy(zero_copy_only=False)
        short = (lengths >= 2) & (lengths <= 40)
        self._short += int(short[codes].sum())
        if self._name_values > _NAMES_READ and max(self._name_like.values()) < 0.2 * self._name_values:
            return
        like = {"chinese": np.zeros(len(values), dtype=bool), "latin": np.zeros(len(values), dtype=bool)}
        for code in np.flatnonzero(short):
            value = values[int(code)].as_py()
            self._name_values += 1
            if not value.isascii() and chinese_names.is_name(value):
                like["chinese"][code] = True
                if len(self._surnames) < 10_000:
                    self._surnames.add(blake2b(value[0].encode(), key=self._salt, digest_size=8).digest())
            elif value[0].isupper() and latin_names.is_name(value):
                like["latin"][code] = True
                if len(self._surnames) < 10_000:
                    self._surnames.add(blake2b(value.encode(), key=self._salt, digest_size=8).digest())
        for script, flags in like.items():
            self._name_like[script] += int(flags.sum())
            self._names[script].add(rows[flags[codes]])

    # Findings

    def findings(self) -> list[ColumnFinding]:
        """What the column holds, surest first; one finding a kind and way."""
        found = [*self._by_name(), *self._by_shape(), *self._by_text(), *self._by_names(), *self._by_dates()]
        best: dict[tuple[Kind, str], ColumnFinding] = {}
        for one in found:
            key = (one.kind, one.by)
            if key not in best or one.count > best[key].count:
                best[key] = one
        return sorted(best.values(), key=lambda one: (-one.confidence, one.kind))

    def _finding(self, kind: Kind, tally: _Tally, confidence: float) -> ColumnFinding:
        return ColumnFinding(
            kind, "content", tally.count, self.rows_checked, tuple(tally.positions), round(min(confidence, 0.99), 2)
        )

    def _by_name(self) -> Iterable[ColumnFinding]:
        kind = kind_of_name(self.name)
        if kind is not None and self.rows_checked:
            yield ColumnFinding(
                kind, "name", self.rows_checked, self.rows_checked, tuple(self._present.positions), 0.9
            )

    def _by_shape(self) -> Iterable[ColumnFinding]:
        named = kind_of_name(self.name)
        for shape, tally in zip(_SHAPES, self._shapes, strict=True):
            of_shape = int(self._lengths[list(shape.lengths)].sum())
            expected = of_shape * shape.chance
            more_than_chance = tally.count > expected + 6 * sqrt(expected)
            convincing = tally.count >= shape.share * of_shape
            if tally.count and ((more_than_chance and convincing) or named is shape.kind):
                yield self._finding(shape.kind, tally, 0.5 + 0.5 * tally.count / of_shape)

    def _by_text(self) -> Iterable[ColumnFinding]:
        for kind, tally in self._texts.items():
            if kind is Kind.PERSON_NAME and self._short > 0.9 * self.rows_checked and not self._mostly_names():
                # Diagnoses and towns: single cells look like names, the column does not.
                continue
            yield self._finding(kind, tally, 0.6 + 0.4 * tally.count / max(1, self.rows_checked))

    def _share_of_names(self, script: str) -> float:
        return self._name_like[script] / max(1, self._name_values)

    def _mostly_names(self) -> bool:
        return any(self._share_of_names(script) >= 0.5 for script in self._names)

    def _by_names(self) -> Iterable[ColumnFinding]:
        for script, tally in self._names.items():
            share = self._share_of_names(script)
            enough = 0.65 if script == "chinese" else 0.5
            varied = len(self._surnames) >= min(5, self._name_values)
            if tally.count and share >= enough and varied:
                yield self._finding(Kind.PERSON_NAME, tally, share)

    def _by_dates(self) -> Iterable[ColumnFinding]:
        if self._dated.count:
            yield self._finding(Kind.DATE, self._dated, 0.99)
        dates = max(
            [self._dated, self._texts.get(Kind.DATE, _Tally()), self._shapes[-1]], key=lambda tally: tally.count
        )
        if dates.count >= 0.8 * self.rows_checked > 0 and len(self._years) >= 20:
            low, high = np.percentile(self._years, [5, 95])
            if high - low >= 25:
                # Visits span an archive's years, births span lives.
                yield self._finding(Kind.BIRTH_DATE, dates, 0.6)


def _array(values: Iterable[object]) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pa.array(values)
    listed = list(values)
    if all(value is None or isinstance(value, str) for value in listed):
        return pa.array(listed, pa.string())
    return pa.array([None if _missing(value) else _plain(value) for value in listed], pa.string())


def _missing(value: object) -> bool:
    return value is None or value != value  # noqa: PLR0124 - NaN


def _plain(value: object) -> str:
    """A number read as a float is the whole number it was."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _strings(array: pa.Array) -> pa.Array | None:
    """The values as strings; None for types whose values cannot identify (truth values, fractions)."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.large_string())
    if pa.types.is_integer(kind):
        return array.cast(pa.large_string())
    if pa.types.is_floating(kind):
        numbers = array.to_numpy(zero_copy_only=False).astype(np.float64)
        whole = np.isfinite(numbers) & (numbers == np.floor(numbers)) & (np.abs(numbers) < 9e18)
        if not whole.all() or not (np.abs(numbers) >= 1e7).any():
            return None
        return pa.array(numbers.astype(np.int64)).cast(pa.large_string())
    if pa.types.is_decimal(kind):
        return pa.array([_decimal(one.as_py()) for one in array], pa.large_string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.array([one.as_py().decode("utf-8", "replace") for one in array], pa.large_string())
    return None


def _decimal(value: Any) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _matrix(text: pa.Array, length: int) -> np.ndarray:
    """The digits of n strings of one length, n × length."""
    if isinstance(text, pa.ChunkedArray):
        text = text.combine_chunks()
    return np.frombuffer("".join(text.to_pylist()).encode(), dtype=np.uint8).reshape(-1, length) - 48


def _number(digits: np.ndarray) -> np.ndarray:
    """n × length digits as n numbers."""
    return digits.astype(np.int64) @ (10 ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64))


def _real_dates(digits: np.ndarray) -> np.ndarray:
    """Which rows of n × 8 digits are days of 1890 to 2099."""
    year, month, day = _number(digits[:, :4]), _number(digits[:, 4:6]), _number(digits[:, 6:])
    days = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[np.where(month <= 12, month, 0)]
    return (year >= 1890) & (year <= 2099) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= days)


_PROVINCE_NUMBERS = np.array(sorted(int(one) for one in PROVINCES))


def _resident_ids(digits: np.ndarray) -> np.ndarray:
    """GB 11643: region, birth date and, of 18 digits, ISO 7064 MOD 11-2; n × 18 or n × 15."""
    region = np.isin(_number(digits[:, :2]), _PROVINCE_NUMBERS)
    if digits.shape[1] == 15:
        century = np.tile(np.array([1, 9], dtype=np.uint8), (len(digits), 1))
        return region & _real_dates(np.hstack([century, digits[:, 6:12]]))
    weights = np.array([pow(2, 17 - place, 11) for place in range(18)])
    return region & _real_dates(digits[:, 6:14]) & (digits.astype(np.int64) @ weights % 11 == 1)


def _mobiles(digits: np.ndarray) -> np.ndarray:
    """Mainland mobile numbers: 11 digits from 13 to 19, or 13 with the country's 86."""
    if digits.shape[1] == 13:
        digits = digits[:, 2:] * ((digits[:, :1] == 8) & (digits[:, 1:2] == 6))
    return (digits[:, 0] == 1) & (digits[:, 1] >= 3)


def _cards(digits: np.ndarray) -> np.ndarray:
    """ISO/IEC 7812-1: an issuer's first digit and the Luhn digit."""
    doubled = digits.astype(np.int64)
    doubled[:, -2::-2] *= 2
    doubled = np.where(doubled > 9, doubled - 9, doubled)
    return (digits[:, 0] >= 3) & (digits[:, 0] <= 6) & (doubled.sum(axis=1) % 10 == 0)


def _landlines(digits: np.ndarray) -> np.ndarray:
    """A long-distance prefix: 010, 02x or 03xx to 09xx."""
    return (digits[:, 0] == 0) & ((digits[:, 1] >= 2) | ((digits[:, 1] == 1) & (digits[:, 2] == 0)))


_MATCH = {
    Kind.RESIDENT_ID: _resident_ids,
    Kind.MOBILE_PHONE: _mobiles,
    Kind.BANK_CARD: _cards,
    Kind.LANDLINE_PHONE: _landlines,
    Kind.DATE: _real_dates,
}


def _sample(years: np.ndarray) -> list[int]:
    """At most 1,000 of a batch's years, evenly."""
    step = max(1, len(years) // 1000)
    return [int(year) for year in years[::step][:1000]]


def _years(value: str) -> list[int]:
    import re  # noqa: PLC0415

    return [int(year) for year in re.findall(r"(?<!\d)(?:18|19|20)\d{2}", value)[:1]]
