"""Column types that the models share: names, versions, moments in UTC, states as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Enum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from provisioning.refusal import Refusal

NAME_LENGTH = 32
_NAME = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]{0,31}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def checked_name(name: object) -> str:
    """``name`` if it can name an account, project, extract or template.

    Two hyphens in a row are refused, so that containers and volumes can join names with ``--``
    and never mean two things. Raises `Refusal`.
    """
    if not isinstance(name, str) or len(name) > NAME_LENGTH or "--" in name or not _NAME.fullmatch(name):
        raise Refusal(
            "{name} is not a name: use 2 to 32 lower-case letters, digits and single hyphens, "
            "starting with a letter and not ending with a hyphen.",
            name=repr(name),
        )
    return name


def checked_version(version: object) -> str:
    """``version`` if it can be a template's version, and so a folder's name. Raises `Refusal`."""
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise Refusal(
            "{version} is not a version: use at most 32 letters, digits, dots, plus signs and hyphens.",
            version=repr(version),
        )
    return version


def checked_digest(digest: object) -> str:
    """``digest`` if it reads ``sha256:<64 hexadecimal digits>``. Raises `Refusal`."""
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise Refusal("{digest} is not a digest: it must read sha256:<64 digits>.", digest=repr(digest))
    return digest


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept as UTC without a zone since SQLite has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def one_of(states: type[StrEnum], constraint: str) -> Enum:
    """A column that holds one of ``states`` by its value, checked by the database too."""
    values: Any = lambda kind: [member.value for member in kind]  # noqa: E731
    return Enum(
        states, native_enum=False, create_constraint=True, length=16, name=constraint, values_callable=values
    )
