"""The registry's tables as a page, from the models: ``python -m provisioning.registry.schema_page``."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from pathlib import Path

from sqlalchemy import BinaryExpression, CheckConstraint, Column, Enum, Table
from sqlalchemy.dialects import postgresql

from provisioning.registry import models
from provisioning.registry.models import Base

PAGE = Path(__file__).parents[2] / "docs" / "registry.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def tables() -> str:
    """Markdown of every table: what a row is, and each column with its type, key and meaning."""
    classes = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    parts = []
    for table in sorted(Base.metadata.tables.values(), key=lambda one: one.name):
        made = classes[table.name]
        said = _attribute_docs(made)
        parts += [f"### {table.name}", "", " ".join((made.__doc__ or "").split()), ""]
        parts += ["| column | type | | |", "|---|---|---|---|"]
        parts += [
            f"| `{column.name}` | {_type(column)} | {_key(column)} | {said.get(column.key, '')} |"
            for column in table.columns
        ]
        parts += ["", *_checks(table)]
    return "\n".join(parts).strip()


def page(before: str) -> str:
    """``before`` with its tables as they are now."""
    head, _, rest = before.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"


def _type(column: Column[object]) -> str:
    if isinstance(column.type, Enum):
        return "one of " + ", ".join(column.type.enums)
    return str(column.type.compile(postgresql.dialect()))  # type: ignore[no-untyped-call]


def _key(column: Column[object]) -> str:
    marks = ["key"] if column.primary_key else []
    marks += [f"→ {key.target_fullname}" for key in column.foreign_keys]
    marks += ["may be empty"] if column.nullable else []
    return ", ".join(marks)


def _checks(table: Table) -> list[str]:
    checks = sorted(
        str(one.sqltext)
        for one in table.constraints
        if type(one) is CheckConstraint and not isinstance(one.sqltext, BinaryExpression)
    )
    unique = sorted(
        f"{', '.join(column.name for column in index.columns)} unique"
        + (f" where {where}" if (where := index.dialect_options["postgresql"]["where"]) is not None else "")
        for index in table.indexes
        if index.unique
    )
    return [f"Checked: {'; '.join(f'`{one}`' for one in checks + unique)}.", ""] if checks + unique else []


def _attribute_docs(made: type) -> dict[str, str]:
    """The strings below attributes (PEP 258), by attribute."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(made))).body
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for statement, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            found[statement.target.id] = " ".join(after.value.value.split())
    return found


if __name__ == "__main__":
    assert models.__doc__
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
