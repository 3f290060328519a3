"""YAML read strictly: every refusal names file and line; keys that nobody asked for are refused."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from provisioning.refusal import Refusal

LARGEST = 4 * 1024 * 1024
"""Bytes that such a file may have."""

_REQUIRED: Any = object()


class FileRefused(Refusal):
    """A YAML file that does not say what it must, shown as ``file:line: what and the fix``."""

    def __init__(self, message: str, place: tuple[object, int], /, **values: object) -> None:
        super().__init__(message, **values)
        self.file, self.line = place

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {super().__str__()}"

    def text(self, language: str) -> str:
        return f"{self.file}:{self.line}: {super().text(language)}"


def one_line(text: str) -> bool:
    """Whether ``text`` has no control characters, line ends among them, and nothing that is no character."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


class _Mapping(dict[Any, Any]):
    line = 1
    lines: dict[Any, int]


class _Sequence(list[Any]):
    line = 1
    lines: list[int]


class _Loader(yaml.SafeLoader):
    pass


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Mapping:
    made = _Mapping()
    made.line, made.lines = node.start_mark.line + 1, {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, list | dict):
            raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
        if key in made:
            raise yaml.MarkedYAMLError(problem=f"{key} is there twice", problem_mark=key_node.start_mark)
        made[key] = loader.construct_object(value_node, deep=True)
        made.lines[key] = key_node.start_mark.line + 1
    return made


def _sequence(loader: _Loader, node: yaml.SequenceNode) -> _Sequence:
    made = _Sequence(loader.construct_object(child, deep=True) for child in node.value)
    made.line, made.lines = node.start_mark.line + 1, [child.start_mark.line + 1 for child in node.value]
    return made


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:seq", _sequence)


class Section:
    """One mapping of the file. Each method takes a key's value out, checked; `finish` wants none left."""

    def __init__(self, file: str, mapping: _Mapping) -> None:
        self.file = file
        self.line = mapping.line
        self._mapping = mapping
        self._seen: set[Any] = set()

    def line_of(self, key: Any) -> int:
        """The line of ``key``, or of the mapping where the key is not there."""
        return self._mapping.lines.get(key, self.line)

    def refuse(self, message: str, at: Any = None, /, **values: object) -> FileRefused:
        """The error to raise about the key ``at``, or about the mapping."""
        return FileRefused(message, (self.file, self.line_of(at)), **values)

    def __contains__(self, key: object) -> bool:
        return key in self._mapping

    def text(self, key: str, default: Any = _REQUIRED, longest: int = 200) -> Any:
        """A line of text of 1 to ``longest`` characters."""
        value = self._take(key, default)
        if value is default:
            return default
        if not isinstance(value, str) or not 0 < len(value.strip()) <= longest or not one_line(value.strip()):
            raise self.refuse(
                "{key} must be one line of text of at most {longest} characters; "
                "put quotes around what reads as a number or a date.",
                key,
                key=key,
                longest=longest,
            )
        return value.strip()

    def number(self, key: str, default: Any = _REQUIRED, *, least: float, whole: bool = False) -> Any:
        """A number from ``least`` up."""
        value = self._take(key, default)
        if value is default:
            return default
        kinds = int if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value < 2**62:
            kind = "whole number" if whole else "number"
            raise self.refuse("{key} must be a {kind} from {least} up.", key, key=key, kind=kind, least=least)
        return value

    def day(self, key: str, default: Any = None) -> date | None:
        """A date, YYYY-MM-DD, or nothing."""
        value = self._take(key, default)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self.refuse("{key} must be a date, YYYY-MM-DD.", key, key=key)
        return value

    def choice(self, key: str, choices: Collection[str], default: Any = _REQUIRED) -> Any:
        """One of ``choices``."""
        value = self._take(key, default)
        if value is not default and value not in choices:
            raise self.refuse("{key} must be one of {choices}.", key, key=key, choices=", ".join(choices))
        return value

    def texts(self, key: str, default: Any = _REQUIRED) -> Any:
        """A list of lines of text, as pairs of line number and text; none twice."""
        value = self._take(key, default)
        if value is default:
            return default
        if not isinstance(value, _Sequence) or not all(isinstance(item, str) for item in value):
            raise self.refuse("{key} must be a list of texts.", key, key=key)
        if len(set(value)) != len(value):
            raise self.refuse("{key} has an entry twice.", key, key=key)
        return list(zip(value.lines, value, strict=True))

    def section(self, key: Any, default: Any = _REQUIRED) -> Any:
        """A mapping below this one."""
        value = self._take(key, default)
        if value is default:
            return default
        if not isinstance(value, _Mapping):
            raise self.refuse("{key} must have fields below it.", key, key=key)
        return Section(self.file, value)

    def entries(self, key: str, field: str) -> list[tuple[int, str, Section | None]]:
        """A list of texts, or of mappings with the text under ``field``: line, text, mapping; none twice."""
        value = self._take(key, [])
        if value == []:
            return []
        if not isinstance(value, _Sequence):
            raise self.refuse("{key} must be a list of texts.", key, key=key)
        made: list[tuple[int, str, Section | None]] = []
        for line, item in zip(value.lines, value, strict=True):
            section = Section(self.file, item) if isinstance(item, _Mapping) else None
            text = section.text(field) if section else item
            if not isinstance(text, str):
                raise FileRefused("{key} must be a list of texts.", (self.file, line), key=key)
            if any(text == known for _, known, _ in made):
                raise FileRefused("{key} has an entry twice.", (self.file, line), key=key)
            made.append((line, text, section))
        return made

    def keys(self) -> tuple[Any, ...]:
        """The keys, in the file's order."""
        return tuple(self._mapping)

    def is_text(self, key: Any) -> bool:
        """Whether what is under ``key`` is text rather than fields, a list or a number."""
        return isinstance(self._mapping.get(key), str)

    def sections(self) -> Iterator[tuple[Any, Section]]:
        """Every key with the mapping below it."""
        for key in self._mapping:
            yield key, self.section(key)

    def finish(self) -> None:
        """Refuse the first key that nobody took."""
        for key in self._mapping:
            if key not in self._seen:
                raise self.refuse(
                    "{key} is not known here. Known: {known}.",
                    key,
                    key=key,
                    known=", ".join(sorted(map(str, self._seen))),
                )

    def _take(self, key: Any, default: Any) -> Any:
        self._seen.add(key)
        if key in self._mapping:
            return self._mapping[key]
        if default is _REQUIRED:
            raise self.refuse("{key} is missing.", key, key=key)
        return default


def load(path: Path) -> Section:
    """The file's top mapping. Raises `FileRefused` where it cannot be read or is not YAML with fields."""
    try:
        if path.stat().st_size > LARGEST:
            raise FileRefused("the file is larger than {largest} bytes.", (path, 1), largest=LARGEST)
        document = yaml.load(path.read_bytes(), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise FileRefused("the file cannot be read: {reason}.", (path, 1), reason=error.strerror) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "unreadable characters"
        line = mark.line + 1 if mark else 1
        raise FileRefused("not YAML: {reason}.", (path, line), reason=reason) from error
    except (ValueError, RecursionError) as error:  # such as the date 2026-13-01
        raise FileRefused("not YAML: {reason}.", (path, 1), reason=error) from error
    if not isinstance(document, _Mapping):
        raise FileRefused("the file must have fields.", (path, 1))
    return Section(str(path), document)
