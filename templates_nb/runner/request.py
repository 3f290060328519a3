"""What a run is asked to do: one JSON document in the environment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

VARIABLE = "CARREL_RUN_REQUEST"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
EXTRACT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class RequestError(ValueError):
    """One line: the field and what it must be."""


@dataclass(frozen=True)
class RunRequest:
    """A request as the portal wrote it; ``extracts`` and ``template`` carry the digests to hold to."""

    run: str
    template: dict[str, str]
    extracts: tuple[dict[str, Any], ...]
    image: dict[str, str]
    parameters: dict[str, Any]
    language: str
    project: str
    requested_by: str


def parse(text: str) -> RunRequest:
    """The request in ``text``; raises `RequestError`."""
    if not text:
        raise RequestError("is empty; it must hold the run's request as JSON")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise RequestError("must be a JSON object")
    request = RunRequest(
        run=_text(document, "run"),
        template=_named(document.get("template"), "template", versioned=True),
        extracts=tuple(
            _named(extract, f"extracts[{number}]", versioned=True)
            for number, extract in enumerate(_list(document, "extracts"))
        ),
        image=_named(document.get("image"), "image", versioned=False),
        parameters=_object(document, "parameters"),
        language=_text(document, "language"),
        project=_text(document, "project"),
        requested_by=_text(document, "requested_by"),
    )
    if request.language not in ("en", "zh"):
        raise RequestError(f"language: is {request.language!r}; must be 'en' or 'zh'")
    for extract in request.extracts:
        # The name becomes a folder under /data.
        if not EXTRACT_NAME.fullmatch(extract["name"]):
            raise RequestError(f"extracts: {extract['name']!r} is not an extract's name")
    return request


def _text(document: dict[str, Any], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str) or not value:
        raise RequestError(f"{field}: must be a text")
    return value


def _list(document: dict[str, Any], field: str) -> list[Any]:
    value = document.get(field)
    if not isinstance(value, list) or not value:
        raise RequestError(f"{field}: must be a list with at least one entry")
    return value


def _object(document: dict[str, Any], field: str) -> dict[str, Any]:
    value = document.get(field)
    if not isinstance(value, dict):
        raise RequestError(f"{field}: must be an object")
    return value


def _named(value: Any, field: str, *, versioned: bool) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RequestError(f"{field}: must be an object with name and digest")
    for part in ("name", "digest"):
        if not isinstance(value.get(part), str):
            raise RequestError(f"{field}.{part}: must be a text")
    if not DIGEST.fullmatch(value["digest"]):
        raise RequestError(f"{field}.digest: is {value['digest']!r}; must be sha256: and 64 hex digits")
    if versioned and not isinstance(value.get("version"), (str, int)):
        raise RequestError(f"{field}.version: must be given")
    return {key: value[key] for key in ("name", "version", "digest") if key in value}
