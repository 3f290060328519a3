"""A column's treatment as SQL for DuckDB, so that no row passes through Python but a redacted one.

Pseudonyms are HMAC-SHA-256 (RFC 2104, FIPS 198-1) of the column's domain and the value, 128 bits of it in
hexadecimal after the letter p. The key's two padded blocks are session variables of DuckDB, never SQL text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from provisioning.extracts.dictionary import Column
from provisioning.extracts.sql import KINDS, literal, name_of
from provisioning.gate.identifiers import find_in_text, redact
from provisioning.gate.policy import Treatment
from provisioning.refusal import Refusal

PSEUDONYM = re.compile(r"p[0-9a-f]{32}")
_BLOCK = 64
"""SHA-256's block, in bytes."""
DATES = "carrel date offset"
_OFFSET = "carrel_offset"


@dataclass(frozen=True)
class Output:
    """A column of the output: the expression that makes it, its type and what stays true."""

    name: str
    sql: str
    type: str
    keeps_codes: bool = False
    unit: bool = True
    """Whether the unit still holds."""


def use_key(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Make ``key`` the one that pseudonyms and offsets of this connection come from."""
    padded = key.ljust(_BLOCK, b"\0")
    for name, pad in (("carrel_inner", 0x36), ("carrel_outer", 0x5C)):
        connection.execute(f"SET VARIABLE {name} = $block", {"block": bytes(byte ^ pad for byte in padded)})


def use_redaction(connection: duckdb.DuckDBPyConnection) -> None:
    """Give the connection the function ``carrel_redact(text)``."""
    connection.create_function("carrel_redact", redacted, ["VARCHAR"], "VARCHAR")


def redacted(text: str) -> str:
    """``text`` with each direct identifier replaced by the name of its kind."""
    return redact(text, find_in_text(text))


def hmac_sql(domain: str, text: str) -> str:
    """SQL: the HMAC, as 64 hexadecimal digits, of the domain and the SQL expression ``text``."""
    message = f"encode({literal(domain)} || chr(31) || {text})"
    return f"sha256(getvariable('carrel_outer') || unhex(sha256(getvariable('carrel_inner') || {message})))"


def offset_sql(patient: Column, days: int) -> str:
    """SQL: the days, -``days`` to ``days`` and never 0, by which all dates of a row's patient move."""
    number = f"CAST('0x' || substr({hmac_sql(DATES, _plain(patient))}, 1, 12) AS UBIGINT) % {2 * days}"
    number = f"CAST({number} AS INTEGER)"
    return f"(CASE WHEN {number} < {days} THEN {number} - {days} ELSE {number} - {days} + 1 END)"


def offset_column(patient: Column | None, days: int) -> str:
    """SQL: the column that `output` reads a row's offset from."""
    offset = "CAST(NULL AS INTEGER)" if patient is None else offset_sql(patient, days)
    return f"{offset} AS {_OFFSET}"


def output(column: Column, treatment: Treatment) -> Output | None:  # noqa: PLR0911
    """What becomes of ``column``, read as text, under ``treatment``; None where it is dropped.

    Raises `Refusal` where the treatment does not fit the column's type.
    """
    typed = f"CAST({name_of(column.name)} AS {KINDS[column.type][0]})"
    action = treatment.action
    if action == "drop":
        return None
    if action == "keep":
        return Output(column.name, typed, column.type, keeps_codes=True)
    if action == "pseudonymise":
        made = f"'p' || substr({hmac_sql(treatment.domain or column.name.lower(), _plain(column))}, 1, 32)"
        return Output(column.name, made, "string", unit=False)
    if action == "redact":
        _wants(column, treatment, ("string",))
        return Output(column.name, f"carrel_redact({name_of(column.name)})", "string")
    if action == "shift_dates":
        _wants(column, treatment, ("date", "datetime"))
        moved = f"CAST({typed} + to_days({_OFFSET}) AS {KINDS[column.type][0]})"
        return Output(column.name, moved, column.type)
    if action == "round":
        return _round(column, treatment, typed)
    if action == "cap":
        _wants(column, treatment, ("integer", "number"))
        bounded = typed
        if treatment.most is not None:
            bounded = f"(CASE WHEN {bounded} > {treatment.most!r} THEN {treatment.most!r} ELSE {bounded} END)"
        if treatment.least is not None:
            bounded = (
                f"(CASE WHEN {bounded} < {treatment.least!r} THEN {treatment.least!r} ELSE {bounded} END)"
            )
        return Output(column.name, f"CAST({bounded} AS {KINDS[column.type][0]})", column.type)
    return _generalise(column, treatment, typed)


def _round(column: Column, treatment: Treatment, typed: str) -> Output:
    _wants(column, treatment, ("integer", "number"))
    multiple = float(treatment.multiple or 1)
    rounded = f"round({typed} / {multiple!r}) * {multiple!r}"
    kind = "integer" if column.type == "integer" and multiple.is_integer() else "number"
    return Output(column.name, f"CAST({rounded} AS {KINDS[kind][0]})", kind)


def _generalise(column: Column, treatment: Treatment, typed: str) -> Output:
    if treatment.by == "age_bands":
        _wants(column, treatment, ("integer", "number"))
        width, top = int(treatment.width or 5), int(treatment.top or 90)
        low = f"CAST(floor({typed} / {width}) * {width} AS INTEGER)"
        band = f"{low} || '-' || ({low} + {width - 1})" if width > 1 else f"CAST({low} AS VARCHAR)"
        bands = f"CASE WHEN {typed} >= {top} THEN '{top}+' WHEN {typed} >= 0 THEN {band} END"
        return Output(column.name, bands, "string")
    if treatment.by in ("year", "month"):
        _wants(column, treatment, ("date", "datetime"))
        if treatment.by == "year":
            return Output(column.name, f"CAST(year({typed}) AS BIGINT)", "integer")
        return Output(column.name, f"strftime({typed}, '%Y-%m')", "string")
    text = name_of(column.name)
    if treatment.by == "prefix":
        _wants(column, treatment, ("string", "integer"))
        return Output(column.name, f"substr(trim({text}), 1, {treatment.characters})", "string")
    whens = " ".join(
        f"WHEN {text} IN ({', '.join(literal(value) for value in values)}) THEN {literal(label)}"
        for label, values in treatment.groups
        if values
    )
    listed = f"CASE WHEN {text} IS NULL THEN NULL {whens} ELSE {literal(treatment.other or '')} END"
    return Output(column.name, listed, "string", unit=False)


def _plain(column: Column) -> str:
    """A value as the one text that it has, so that 007 and 7 are one patient in a column of integers."""
    if column.type == "string":
        return f"trim({name_of(column.name)})"
    return f"CAST(CAST({name_of(column.name)} AS {KINDS[column.type][0]}) AS VARCHAR)"


def _wants(column: Column, treatment: Treatment, types: tuple[str, ...]) -> None:
    if column.type not in types:
        raise Refusal(
            "{column} is of type {type}, which {action} does not fit. Use a column of type {types}.",
            column=column.name,
            type=column.type,
            action=treatment.by or treatment.action,
            types=", ".join(types),
        )
