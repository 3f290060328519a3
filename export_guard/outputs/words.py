"""Tables of names are written as text, which reads better than a list of quoted words."""

from __future__ import annotations

from collections.abc import Container
from typing import TypeGuard


def named(value: object, table: Container[str]) -> TypeGuard[str]:
    """Whether ``value`` is a name that ``table`` has. What an engine sends may not even be hashable."""
    return type(value) is str and value in table


def words(text: str) -> frozenset[str]:
    """The words of ``text``."""
    return frozenset(text.split())
