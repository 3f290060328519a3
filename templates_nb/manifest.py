"""What ``template.yaml`` says: title, typed parameters, outputs with disclosure class, stages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import yaml

from templates_nb import notebook

FILE = "template.yaml"
PARAMETER_TYPES = (
    "extract",
    "table",
    "column",
    "columns",
    "integer",
    "number",
    "choice",
    "boolean",
    "language",
)
ACCEPTED_COLUMNS = ("numeric", "categorical", "any")
DISCLOSURES = ("table", "figure", "model", "survival", "report", "notebook")
"""What kind of statistics an output holds, by which the airlock chooses its rules."""
NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
VERSION = re.compile(r"\d+\.\d+\.\d+")

Text = dict[str, str]
"""The same text in both languages: ``{"en": …, "zh": …}``."""


class ManifestError(ValueError):
    """One line: file, field, and what to put there."""


@dataclass(frozen=True)
class Choice:
    """One value of a ``choice`` parameter."""

    value: str
    title: Text


@dataclass(frozen=True)
class Parameter:
    """One typed parameter, as the form shows it and `templates_nb.parameters` checks it."""

    name: str
    type: str
    title: Text
    help: Text
    required: bool = False
    default: Any = None
    accept: str = "any"
    """Which columns a ``column`` or ``columns`` parameter takes."""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class Output:
    """A file, or a glob of files, that a run leaves under its folder."""

    path: str
    title: Text
    media_type: str
    disclosure: str
    optional: bool = False


@dataclass(frozen=True)
class Stage:
    """A part of the run that progress names; notebook cells carry the tag ``stage:<name>``."""

    name: str
    title: Text


@dataclass(frozen=True)
class TemplateManifest:
    """One version of one template."""

    name: str
    version: str
    title: Text
    summary: Text
    image: str
    parameters: tuple[Parameter, ...]
    outputs: tuple[Output, ...]
    stages: tuple[Stage, ...]
    folder: Path = field(compare=False)

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; raises `KeyError`."""
        return {parameter.name: parameter for parameter in self.parameters}[name]


def load(folder: Path) -> TemplateManifest:
    """Read and check ``folder/template.yaml`` and the notebook beside it; raises `ManifestError`."""
    path = folder / FILE
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(
            f"{path}: cannot be read ({error.strerror}); a template needs this file"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ManifestError(f"{path}: not YAML ({reason}); mend the syntax") from None
    top = _Fields(path, "", document)
    manifest = TemplateManifest(
        name=top.name("name"),
        version=top.match("version", VERSION, "three numbers such as 1.0.0, in quotes"),
        title=top.text("title"),
        summary=top.text("summary"),
        image=top.name("image"),
        parameters=top.each("parameters", _parameter),
        outputs=top.each("outputs", _output),
        stages=top.each("stages", _stage),
        folder=folder,
    )
    top.nothing_else()
    for group in ("parameters", "stages"):
        names = [entry.name for entry in getattr(manifest, group)]
        for twice in sorted({name for name in names if names.count(name) > 1}):
            top.fail(group, f"names {twice!r} twice; keep one")
    try:
        notebook.check(folder / notebook.FILE, [stage.name for stage in manifest.stages])
    except notebook.NotebookError as error:
        raise ManifestError(str(error)) from None
    return manifest


def _parameter(fields: _Fields) -> Parameter:
    kind = fields.one_of("type", PARAMETER_TYPES)
    parameter = Parameter(
        name=fields.name("name"),
        type=kind,
        title=fields.text("title"),
        help=fields.text("help"),
        required=fields.take("required", bool, "true or false", default=False),
        default=fields.data.pop("default", None),
        accept=fields.one_of("accept", ACCEPTED_COLUMNS, default="any"),
        minimum=fields.take("min", (int, float), "a number", default=None),
        maximum=fields.take("max", (int, float), "a number", default=None),
        choices=fields.each("choices", _choice) if kind == "choice" else (),
    )
    fields.nothing_else()
    if kind == "choice" and parameter.default not in (None, *(c.value for c in parameter.choices)):
        fields.fail("default", f"is {parameter.default!r}; use one of the choices")
    return parameter


def _choice(fields: _Fields) -> Choice:
    choice = Choice(value=fields.take("value", str, "a text"), title=fields.text("title"))
    fields.nothing_else()
    return choice


def _output(fields: _Fields) -> Output:
    output = Output(
        path=fields.take("path", str, "a path or glob inside the run's folder"),
        title=fields.text("title"),
        media_type=fields.match("media_type", re.compile(r"[a-z]+/[a-z0-9.+-]+"), "such as text/csv"),
        disclosure=fields.one_of("disclosure", DISCLOSURES),
        optional=fields.take("optional", bool, "true or false", default=False),
    )
    fields.nothing_else()
    path = PurePosixPath(output.path)
    if path.is_absolute() or ".." in path.parts:
        fields.fail("path", f"is {output.path!r}; use a path inside the run's folder")
    return output


def _stage(fields: _Fields) -> Stage:
    stage = Stage(name=fields.name("name"), title=fields.text("title"))
    fields.nothing_else()
    return stage


_REQUIRED = object()
T = TypeVar("T")


class _Fields:
    """One mapping of the file, taken apart field by field; what is left over is a mistake."""

    def __init__(self, path: Path, where: str, data: Any) -> None:
        self.path = path
        self.where = where
        if not isinstance(data, Mapping):
            raise ManifestError(f"{path}: {where or 'the file'}: must be a mapping of fields")
        self.data = dict(data)

    def fail(self, name: str, problem: str) -> None:
        raise ManifestError(f"{self.path}: {self.where}{name}: {problem}")

    def take(self, name: str, kind: Any, wanted: str, default: Any = _REQUIRED) -> Any:
        if name not in self.data and default is not _REQUIRED:
            return default
        value = self.data.pop(name, None)
        # True is an int to Python, never to a person who writes a manifest.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fail(name, f"must be {wanted}" if value is not None else f"is missing; give {wanted}")
        return value

    def match(self, name: str, pattern: re.Pattern[str], wanted: str) -> str:
        value = self.take(name, str, wanted)
        if not pattern.fullmatch(value):
            self.fail(name, f"is {value!r}; give {wanted}")
        return value

    def name(self, name: str) -> str:
        return self.match(name, NAME, "a name of lower-case letters, digits, - and _")

    def one_of(self, name: str, allowed: tuple[str, ...], default: Any = _REQUIRED) -> str:
        value = self.take(name, str, "one of " + ", ".join(allowed), default)
        if value not in allowed:
            self.fail(name, f"is {value!r}; use one of {', '.join(allowed)}")
        return value

    def text(self, name: str) -> Text:
        value = self.take(name, Mapping, "a text in both languages: {en: …, zh: …}")
        if set(value) != {"en", "zh"} or not all(isinstance(t, str) and t.strip() for t in value.values()):
            self.fail(name, "must be a text in both languages: {en: …, zh: …}")
        return dict(value)

    def each(self, name: str, read: Callable[[_Fields], T]) -> tuple[T, ...]:
        entries = self.take(name, list, "a list with at least one entry")
        if not entries:
            self.fail(name, "must be a list with at least one entry")
        where = f"{self.where}{name}"
        return tuple(read(_Fields(self.path, f"{where}[{i}].", entry)) for i, entry in enumerate(entries))

    def nothing_else(self) -> None:
        for name in self.data:
            self.fail(str(name), "is not a field that a template knows; remove it or correct its name")
