"""The explorer's pages: a query in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from urllib.parse import quote, urlencode

import duckdb

import locales
from kernels.applications.cohort_explorer import chart
from kernels.applications.cohort_explorer.counts import MISSING, Counts, Filter, Group, Unanswerable
from kernels.applications.cohort_explorer.extracts import Table, Titles
from kernels.applications.cohort_explorer.masking import SMALLEST, STEP, written

MOST_FILTERS = 4
UNANSWERED = "This cannot be shown: it does not exist, takes too long, or is about fewer than {n} rows."
MASKED = "Counts under {n} are not shown, and others are rounded to {step}."
STYLE = """
body { font-family: sans-serif; margin: 1.5em; max-width: 60em; line-height: 1.5; color: #222 }
table { border-collapse: collapse; margin: 1em 0 }
th, td { border-bottom: 1px solid #ddd; padding: 0.25em 0.75em; text-align: left }
td.n, th.n { text-align: right }
nav { margin-bottom: 1em }
"""


@dataclass(frozen=True)
class Question:
    """What a query asks for."""

    table: str = ""
    column: str = ""
    by: str = ""
    filters: tuple[Filter, ...] = ()

    @property
    def href(self) -> str:
        """The link that asks this."""
        fields = [("table", self.table), ("column", self.column), ("by", self.by)]
        fields += [("where", f"{each.column}~{each.key}") for each in self.filters]
        return "?" + urlencode([(name, value) for name, value in fields if value], quote_via=quote, safe="")


def asked(arguments: Mapping[str, Sequence[str]]) -> Question:
    """The question in a query's arguments. Raises `Unanswerable`."""
    filters = []
    for text in arguments.get("where", [])[: MOST_FILTERS + 1]:
        column, sign, key = text.partition("~")
        if not sign:
            raise Unanswerable("no filter")
        filters.append(Filter(column, key))
    if len(filters) > MOST_FILTERS:
        raise Unanswerable("too many filters")
    first = {name: (arguments.get(name) or [""])[0] for name in ("table", "column", "by")}
    return Question(**first, filters=tuple(filters))


class Page:
    """Answers one question in one language."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        tables: Mapping[str, Table],
        question: Question,
        language: str,
    ) -> None:
        self.connection = connection
        self.tables = tables
        self.question = question
        self.language = language

    def html(self) -> str:
        """The page; a question without an answer gets one line."""
        try:
            return self._page(self._content())
        except (Unanswerable, duckdb.Error):
            return self._page(f"{self._here()}<p>{self._t(UNANSWERED, n=SMALLEST)}</p>")

    def _t(self, message: str, **values: object) -> str:
        return escape(locales.text(self.language, message, **values))

    def _title(self, titles: Titles, otherwise: str) -> str:
        return titles.get("zh" if self.language == "zh_CN" else "en") or titles.get("en") or otherwise

    def _page(self, content: str) -> str:
        title = self._t("Cohort explorer")
        language = self.language.replace("_", "-")
        return (
            f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{STYLE}</style></head><body><h1>{title}</h1>{content}"
            f"<p><small>{self._t(MASKED, n=SMALLEST, step=STEP)}</small></p></body></html>"
        )

    def _content(self) -> str:
        if not self.question.table:
            return self._list()
        table = self.tables.get(self.question.table)
        if table is None:
            raise Unanswerable("no such table")
        counts = Counts(self.connection, table, self.question.filters)
        if not self.question.column:
            return self._columns(table, counts)
        if self.question.by:
            return self._two_way(table, counts)
        return self._one_way(table, counts)

    def _list(self) -> str:
        rows = []
        for table in self.tables.values():
            count = written(Counts(self.connection, table).rows)
            link = _link(Question(table=table.id), table.id)
            rows.append([link, escape(self._title(table.title, "")), count])
        if not rows:
            return f"<p>{self._t('No extract with tables is granted to this project.')}</p>"
        return _table([self._t("Table"), self._t("Title"), self._t("Rows")], rows, numbers=(2,))

    def _columns(self, table: Table, counts: Counts) -> str:
        missing = counts.missing()
        rows = []
        for name in counts.columns:
            described = table.columns.get(name)
            title = self._title(described.title, "") if described else ""
            unit = f" ({described.unit})" if described and described.unit else ""
            link = _link(replace(self.question, column=name), name)
            share = missing[name]
            rows.append([link, escape(title + unit), "0" if share == 0 else escape(written(share))])
        heads = [self._t("Column"), self._t("Title"), self._t("Missing")]
        return self._here(counts) + _table(heads, rows, numbers=(2,))

    def _one_way(self, table: Table, counts: Counts) -> str:
        column = self.question.column
        found = counts.one_way(column)
        rows, drawn = [], []
        for group, count in found:
            label = self._label(table, column, group)
            link = escape(label)
            if group.key is not None and count is not None and len(self.question.filters) < MOST_FILTERS:
                added = (*self.question.filters, Filter(column, group.key))
                link = _link(replace(self.question, filters=added), label)
            rows.append([link, escape(written(count))])
            drawn.append((label, count))
        others = [_link(replace(self.question, by=name), name) for name in counts.columns if name != column]
        return (
            self._here(counts)
            + _table([escape(self._name(table, column)), self._t("Rows")], rows, numbers=(1,))
            + chart.bars(drawn, self._name(table, column))
            + f"<p>{self._t('Cross with')}: {' · '.join(others)}</p>"
        )

    def _two_way(self, table: Table, counts: Counts) -> str:
        column, by = self.question.column, self.question.by
        across, found = counts.two_way(column, by)
        heads = [escape(f"{self._name(table, column)} / {self._name(table, by)}")]
        heads += [escape(self._label(table, by, group)) for group in across]
        rows = [
            [escape(self._label(table, column, group)), *(escape(written(count)) for count in line)]
            for group, line in found
        ]
        return self._here(counts) + _table(heads, rows, numbers=range(1, len(heads)))

    def _name(self, table: Table, column: str) -> str:
        described = table.columns.get(column)
        title = self._title(described.title, column) if described else column
        return f"{title} ({described.unit})" if described and described.unit else title

    def _label(self, table: Table, column: str, group: Group) -> str:
        if group.key is None:
            return locales.text(self.language, "Other values")
        if group.number == MISSING:
            return locales.text(self.language, "Missing")
        described = table.columns.get(column)
        meaning = described.codes.get(group.key) if described else None
        if meaning:
            return f"{group.key}: {self._title(meaning, '')}"
        return group.label.replace("..", " … ").strip() if ".." in group.label else group.label

    def _here(self, counts: Counts | None = None) -> str:
        """Where the reader is: the way up, the filters and how many rows they leave."""
        question = self.question
        way = [_link(Question(), locales.text(self.language, "All tables"))]
        if question.table in self.tables:
            way.append(_link(replace(question, column="", by=""), question.table))
        if question.column:
            way.append(_link(replace(question, by=""), question.column))
        parts = [f"<nav>{' / '.join(way)}</nav>"]
        for each in question.filters:
            rest = tuple(other for other in question.filters if other != each)
            only = escape(f"{each.column} = {each.key or locales.text(self.language, 'Missing')}")
            remove = _link(replace(question, filters=rest), locales.text(self.language, "remove"))
            parts.append(f"<p>{self._t('Only rows with')} {only} ({remove})</p>")
        if counts is not None:
            parts.append(f"<p>{self._t('Rows')}: {escape(written(counts.rows))}</p>")
        return "".join(parts)


def _link(question: Question, text: str) -> str:
    return f'<a href="{escape(question.href)}">{escape(text)}</a>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    def line(tag: str, cells: Sequence[str]) -> str:
        classes = [' class="n"' if place in numbers else "" for place in range(len(cells))]
        made = (f"<{tag}{mark}>{cell}</{tag}>" for mark, cell in zip(classes, cells, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', heads)}</thead><tbody>{body}</tbody></table>"
