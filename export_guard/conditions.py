"""Small named rules over one request. Each returns None, or the id of the reason to refuse it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from export_guard.verdicts import Facts

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
SAVED_KEYS = {"name", "path", "type", "format", "content"}
CREATED_KEYS = {"type", "ext", "copy_from", "path"}
LOGO = re.compile(r"logo-(32x32|64x64)\.png|logo-svg\.svg")


# On every request, whatever the route.


def no_download_argument(facts: Facts) -> str | None:
    """No ``download`` argument in any case, with any value, on any route."""
    return "download" if any(name.strip().lower() == "download" for name in facts.arguments) else None


def no_method_override(facts: Facts) -> str | None:
    """No header asks to be taken for another method than the policy was asked about."""
    return "method-override" if any(name in facts.headers for name in OVERRIDES) else None


def plain_path(facts: Facts) -> str | None:
    """No path argument, decoded as the handler gets it, steps up or hides characters."""
    for argument in facts.path_arguments:
        # A second round of percent-encoding has no honest use in any step of a path.
        steps = re.split(r"[/\\]", argument)
        if ".." in steps or "\\" in argument or any(ord(character) < 32 for character in argument):
            return "path"
        if re.search(r"%2e|%2f|%5c|%00", argument, re.IGNORECASE):
            return "path"
    return None


ALWAYS = (no_download_argument, no_method_override, plain_path)


# Contents.


def known_contents_arguments(facts: Facts) -> str | None:
    """Contents are asked for as text: no base64, and each argument once."""
    formats = facts.arguments.get("format", [])
    # Handlers read the last of repeated arguments; more than one is never honest.
    if any(len(values) > 1 for values in facts.arguments.values()):
        return "base64" if len(formats) > 1 else "body"
    return "base64" if any(value.strip() not in ("text", "json") for value in formats) else None


def ask_for_text(request: HTTPServerRequest) -> None:
    """Make a request without a format one for text.

    Without it the contents manager falls back to base64 for a file that is not text. Folders and
    notebooks do not look at the format.
    """
    for arguments in (request.arguments, request.query_arguments):
        arguments["format"] = [b"text"]


def saves_typed_content(facts: Facts) -> str | None:
    """A PUT to contents saves a notebook or a small text: no base64, no parts, within the sizes."""
    model, problem = _json_object(facts)
    if problem or model is None:
        return problem
    if model.keys() - SAVED_KEYS or _encoded(model):
        return _encoded(model) or "upload"
    content = model.get("content")
    if content is None:
        return None
    if model.get("type") == "notebook":
        return None if isinstance(content, dict) else "body"
    if not isinstance(content, str) or model.get("format") != "text":
        return "upload"
    # Lone surrogates pass JSON; whoever sends them is not typing.
    size = len(content.encode("utf-8", "surrogatepass"))
    return "too-large" if size > facts.limits.text_bytes else None


def creates_or_copies(facts: Facts) -> str | None:
    """A POST to contents names a type, an extension or a file to copy, and carries no content."""
    model, problem = _json_object(facts)
    if problem or model is None:
        return problem
    return _encoded(model) or ("upload" if model.keys() - CREATED_KEYS else _plain_names(model))


def renames(facts: Facts) -> str | None:
    """A PATCH to contents gives a new path and nothing else."""
    model, problem = _json_object(facts)
    if problem or model is None:
        return problem
    return _encoded(model) or ("upload" if model.keys() - {"path"} else _plain_names(model))


def no_body(facts: Facts) -> str | None:
    """The request carries nothing (an empty JSON object counts as nothing)."""
    return None if not facts.body or facts.body.strip() in (b"", b"{}", b"null") else "body"


def json_body(facts: Facts) -> str | None:
    """The body is empty or one JSON object."""
    return _json_object(facts)[1]


# Others.


def only_logos(facts: Facts) -> str | None:
    """Of a kernelspec's resources only the logos that the launcher draws."""
    return None if LOGO.fullmatch(facts.path_arguments[-1]) else "raw-file"


def _json_object(facts: Facts) -> tuple[dict[str, Any] | None, str | None]:
    """The body as the handlers read it (`APIHandler.get_json_body`), or the reason against it."""
    body = (facts.body or b"").strip()
    if not body:
        return None, None
    try:
        model = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, "body"
    return (model, None) if isinstance(model, dict) else (None, "body")


def _encoded(model: dict[str, Any]) -> str | None:
    """Content in parts, or in any other form than text and notebook JSON."""
    if "chunk" in model:
        return "chunked"
    return None if model.get("format") in (None, "text", "json") else "base64"


def _plain_names(model: dict[str, Any]) -> str | None:
    """Names in a body are held to the same rule as those in the path."""
    values = [value for value in model.values() if value is not None]
    if not all(isinstance(value, str) for value in values):
        return "body"
    for value in values:
        steps = re.split(r"[/\\]", value)
        if ".." in steps or any(ord(character) < 32 for character in value):
            return "path"
    return None
