"""Checks what a person filled in against a template's typed parameters and the extracts' dictionaries."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import locales
from templates_nb.manifest import Parameter, TemplateManifest

NUMERIC_TYPES = ("integer", "number")
LANGUAGES = ("en", "zh")
CATALOGUE = {"en": "en", "zh": "zh_CN"}
"""A template's language as `locales` names it."""


class ParameterError(ValueError):
    """Every bad parameter of a request: `problems` maps each one's name to its one line."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("\n".join(self.problems.values()))


class _Bad(Exception):
    """A message id of `locales` and the values of its places."""

    def __init__(self, message: str, **values: object) -> None:
        self.message = message
        self.values = values


def validate(
    template: TemplateManifest,
    values: Mapping[str, Any],
    extracts: Sequence[Mapping[str, Any]],
    language: str = "en",
) -> dict[str, Any]:
    """The full, normalised parameters: every parameter of the template, defaults filled in.

    ``extracts`` are the manifests (``extract.json``) of the extracts that may be used. Raises
    `ParameterError` with one line a bad parameter, in ``language`` ('en' or 'zh').
    """
    problems: dict[str, str] = {}
    normalised: dict[str, Any] = {}
    scope = _Scope(extracts)

    def report(name: str, title: str, bad: _Bad) -> None:
        catalogue = CATALOGUE.get(language, "en")
        problems[name] = f"{title}: {locales.text(catalogue, bad.message, **bad.values)}"

    for name in values:
        if name not in {parameter.name for parameter in template.parameters}:
            report(str(name), str(name), _Bad("not a parameter of this analysis; leave it out"))
    for parameter in template.parameters:
        try:
            normalised[parameter.name] = _value(parameter, values.get(parameter.name), scope)
        except _Bad as bad:
            report(parameter.name, parameter.title.get(language, parameter.name), bad)
    if problems:
        raise ParameterError(problems)
    return normalised


class _Scope:
    """The extract and the table that were chosen so far; columns are looked up in the table."""

    def __init__(self, extracts: Sequence[Mapping[str, Any]]) -> None:
        self.extracts = {extract["name"]: extract for extract in extracts}
        self.tables: dict[str, Any] | None = None
        self.columns: dict[str, Any] | None = None

    def column(self, name: object, accept: str) -> str:
        if self.columns is None:
            raise _Bad("choose a table first")
        if not isinstance(name, str) or name not in self.columns:
            raise _Bad("the table has no column {column}; choose one from its dictionary", column=repr(name))
        if accept == "numeric" and not is_numeric(self.columns[name]):
            raise _Bad("column {column} is not numeric; choose a column of numbers", column=name)
        if accept == "categorical" and not is_categorical(self.columns[name]):
            raise _Bad("column {column} is not categorical; choose one with a few named values", column=name)
        return name


def is_numeric(column: Mapping[str, Any]) -> bool:
    """Whether a dictionary's column holds measurements: numbers that are not codes of something."""
    return column["type"] in NUMERIC_TYPES and not column.get("codes")


def is_categorical(column: Mapping[str, Any]) -> bool:
    """Whether a dictionary's column can name groups: coded values, text, booleans, whole numbers."""
    return bool(column.get("codes")) or column["type"] in ("string", "boolean", "integer")


def _value(parameter: Parameter, value: Any, scope: _Scope) -> Any:
    if value is None or value in ("", []):
        value = parameter.default
    if value is None:
        if parameter.required:
            raise _Bad("required; give a value")
        return [] if parameter.type == "columns" else None
    return _CHECKS[parameter.type](parameter, value, scope)


def _extract(_: Parameter, value: Any, scope: _Scope) -> str:
    if not isinstance(value, str) or value not in scope.extracts:
        raise _Bad("{extract} is not an extract that this project may use", extract=repr(value))
    scope.tables = {table["name"]: table for table in scope.extracts[value]["tables"]}
    return value


def _table(_: Parameter, value: Any, scope: _Scope) -> str:
    if scope.tables is None:
        raise _Bad("choose an extract first")
    if not isinstance(value, str) or value not in scope.tables:
        raise _Bad("the extract has no table {table}", table=repr(value))
    scope.columns = {column["name"]: column for column in scope.tables[value]["columns"]}
    return value


def _column(parameter: Parameter, value: Any, scope: _Scope) -> str:
    return scope.column(value, parameter.accept)


def _columns(parameter: Parameter, value: Any, scope: _Scope) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise _Bad("give a list of columns")
    names = [scope.column(name, parameter.accept) for name in value]
    if len(set(names)) < len(names):
        raise _Bad("the same column is chosen twice; keep it once")
    return names


def _number(parameter: Parameter, value: Any, _: _Scope) -> float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise _Bad("{value} is not a number", value=repr(value)) from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _Bad("{value} is not a number", value=repr(value))
    low, high = parameter.minimum, parameter.maximum
    if low is not None and value < low:
        raise _Bad("{value} is too small; at least {limit}", value=value, limit=low)
    if high is not None and value > high:
        raise _Bad("{value} is too large; at most {limit}", value=value, limit=high)
    return float(value)


def _integer(parameter: Parameter, value: Any, scope: _Scope) -> int:
    number = _number(parameter, value, scope)
    if number != int(number):
        raise _Bad("{value} is not a whole number", value=value)
    return int(number)


def _choice(parameter: Parameter, value: Any, _: _Scope) -> str:
    allowed = [choice.value for choice in parameter.choices]
    if value not in allowed:
        raise _Bad(
            "{value} is not a choice; use one of {choices}", value=repr(value), choices=", ".join(allowed)
        )
    return value


def _boolean(_: Parameter, value: Any, __: _Scope) -> bool:
    if value in (True, "true", "on"):
        return True
    if value in (False, "false", "off"):
        return False
    raise _Bad("{value} is neither yes nor no", value=repr(value))


def _language(_: Parameter, value: Any, __: _Scope) -> str:
    if value not in LANGUAGES:
        raise _Bad("{value} is not a language; use en or zh", value=repr(value))
    return value


_CHECKS: dict[str, Callable[[Parameter, Any, _Scope], Any]] = {
    "extract": _extract,
    "table": _table,
    "column": _column,
    "columns": _columns,
    "integer": _integer,
    "number": _number,
    "choice": _choice,
    "boolean": _boolean,
    "language": _language,
}
