"""Texts and names in one language: the report's sentences, the dictionary's titles and codes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

YEARS = {"en": "years", "zh": "年"}
MONTHS = {"en": "months", "zh": "月"}
DAYS = {"en": "days", "zh": "天"}
UNITS = {"a": YEARS, "years": YEARS, "mo": MONTHS, "months": MONTHS, "d": DAYS, "days": DAYS}
"""Words for units of time; UCUM writes a, mo and d. Other units read the same in both languages."""


@cache
def _texts() -> dict[str, dict[str, str]]:
    folder = Path(__file__).with_name("texts")
    texts: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        texts |= yaml.safe_load(path.read_text(encoding="utf-8"))
    return texts


class Labels:
    """Everything that is shown, in ``language`` ('en' or 'zh')."""

    def __init__(self, table: dict[str, Any], language: str) -> None:
        self.language = language
        self._columns = {column["name"]: column for column in table["columns"]}

    def text(self, key: str, **values: object) -> str:
        """The text of that key in ``texts/``, its places filled."""
        return _texts()[key][self.language].format(**values)

    def column(self, name: str) -> str:
        """A column's title."""
        return str(self._columns[name]["title"][self.language])

    def unit(self, name: str) -> str:
        """A column's unit, or nothing."""
        unit = self._columns[name].get("unit") or ""
        return UNITS[unit][self.language] if unit in UNITS else unit

    def with_unit(self, name: str) -> str:
        """``Age (years)``, or the title alone."""
        unit = self.unit(name)
        return f"{self.column(name)} ({unit})" if unit else self.column(name)

    def level(self, name: str, value: object) -> str:
        """A categorical value's title, or the value itself."""
        codes = self._columns[name].get("codes") or {}
        return str(codes[str(value)][self.language]) if str(value) in codes else str(value)

    def codes(self, name: str) -> list[str]:
        """A categorical column's values in the dictionary's order; empty if it lists none."""
        return list(self._columns[name].get("codes") or {})

    def group(self, name: str, value: object) -> str:
        """A group by itself, readable without its column's title beside it."""
        return (
            f"{self.column(name)}: {self.level(name, value)}"
            if self.language == "en"
            else (f"{self.column(name)}：{self.level(name, value)}")
        )

    def term(self, variable: str, level: str | None, reference: str | None, step: float) -> str:
        """A model's term: ``Age, per 10 years`` or ``Grade: 3 vs 2``."""
        if level is not None:
            return f"{self.group(variable, level)} vs {self.level(variable, reference)}"
        per = f"{step:g} {self.unit(variable)}".strip()
        return self.text("term_per", variable=self.column(variable), per=per)
