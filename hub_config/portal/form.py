"""A template's typed parameters as a form: fields, their choices, and what was filled in so far.

Parameters are taken in the manifest's order, as `templates_nb.parameters` checks them: an extract
gives the tables that follow it, a table the columns that follow it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from templates_nb.manifest import Parameter, TemplateManifest
from templates_nb.parameters import is_categorical, is_numeric

GROUPS = {
    "extract": "data",
    "table": "data",
    "column": "columns",
    "columns": "columns",
}
"""Parameter type to group; any other is a setting."""

LANGUAGES = {"zh": "简体中文", "en": "English"}
"""Each by its own name, so that its readers find it."""


@dataclass(frozen=True)
class Option:
    """One thing to choose."""

    value: str
    label: str
    selected: bool = False


@dataclass(frozen=True)
class Field:
    """One parameter with what is filled in. ``fixed``: there is one choice only, and it is made."""

    parameter: Parameter
    title: str
    help: str
    value: Any
    options: tuple[Option, ...] = ()
    problem: str | None = None
    fixed: bool = False

    @property
    def kind(self) -> str:
        return self.parameter.type

    @property
    def name(self) -> str:
        return self.parameter.name


@dataclass(frozen=True)
class Form:
    """The fields by group: data (which extract and table), columns, settings."""

    data: list[Field] = field(default_factory=list)
    columns: list[Field] = field(default_factory=list)
    settings: list[Field] = field(default_factory=list)

    @property
    def problems(self) -> list[Field]:
        """The fields that have something to mend."""
        return [each for each in (*self.data, *self.columns, *self.settings) if each.problem]


def build(
    manifest: TemplateManifest,
    extracts: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    language: str,
    problems: Mapping[str, str] | None = None,
) -> Form:
    """The form of ``manifest`` for the granted ``extracts`` (their manifests), in 'en' or 'zh'."""
    form = Form()
    scope = _Scope(extracts, language)
    for parameter in manifest.parameters:
        value = values.get(parameter.name, _default(parameter, language))
        options, value = scope.options(parameter, value)
        form_group = getattr(form, GROUPS.get(parameter.type, "settings"))
        form_group.append(
            Field(
                parameter,
                parameter.title[language],
                parameter.help[language],
                value,
                options,
                (problems or {}).get(parameter.name),
                fixed=parameter.type in ("extract", "table") and parameter.required and len(options) == 1,
            )
        )
    return form


def _default(parameter: Parameter, language: str) -> Any:
    # A person reads the page in the language that they want the report in, most often.
    if parameter.type == "language":
        return language
    return parameter.default


class _Scope:
    """The extract and table chosen so far."""

    def __init__(self, extracts: Sequence[Mapping[str, Any]], language: str) -> None:
        self.extracts = {extract["name"]: extract for extract in extracts if "name" in extract}
        self.tables: dict[str, Mapping[str, Any]] = {}
        self.columns: list[Mapping[str, Any]] = []
        self.language = language

    def options(self, parameter: Parameter, value: Any) -> tuple[tuple[Option, ...], Any]:
        """What there is to choose for ``parameter``, and the value with a sole choice made."""
        offered = self._offered(parameter)
        if parameter.type in ("extract", "table"):
            names = [name for name, _ in offered]
            if value not in names:
                value = names[0] if names and parameter.required else None
            self._choose(parameter.type, value)
        wanted = value if isinstance(value, list) else [value]
        return tuple(Option(name, label, name in wanted) for name, label in offered), value

    def _offered(self, parameter: Parameter) -> list[tuple[str, str]]:
        if parameter.type == "extract":
            return [(name, self._label(each)) for name, each in self.extracts.items()]
        if parameter.type == "table":
            return [(name, self._label(each)) for name, each in self.tables.items()]
        if parameter.type in ("column", "columns"):
            fits = {"numeric": is_numeric, "categorical": is_categorical}.get(parameter.accept)
            return [
                (column["name"], f"{self._label(column)} · {column['name']}")
                for column in self.columns
                if not fits or fits(column)
            ]
        if parameter.type == "choice":
            return [(choice.value, choice.title[self.language]) for choice in parameter.choices]
        if parameter.type == "language":
            return list(LANGUAGES.items())
        return []

    def _choose(self, kind: str, value: str | None) -> None:
        if kind == "extract":
            tables = self.extracts[value]["tables"] if value else []
            self.tables = {table["name"]: table for table in tables}
            self.columns = []
        else:
            self.columns = list(self.tables[value]["columns"]) if value else []

    def _label(self, thing: Mapping[str, Any]) -> str:
        title = str((thing.get("title") or {}).get(self.language) or thing["name"])
        unit = f" ({thing['unit']})" if thing.get("unit") else ""
        return f"{title}{unit}"
