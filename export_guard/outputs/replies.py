"""Answers of a kernel (shell, stdin and control channels), each field by its known form."""

from __future__ import annotations

import re
from typing import Any

from export_guard.outputs.headers import ID, VERSION
from export_guard.outputs.passing import Passing, number

WORD = re.compile(r"[\w .+/-]{1,60}")
KINDS = re.compile(r"[\w .<>?]{0,40}")
LANGUAGE = ("name", "version", "mimetype", "file_extension", "pygments_lexer", "nbconvert_exporter")
INPUT_SET = 16 * 1024


def execute(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """An execution's end. Of its payloads, pages of help and text for the next cell."""
    kept = _status(content, passing)
    kept["execution_count"] = number(content.get("execution_count"))
    payload = content.get("payload")
    kept["payload"] = [
        passed
        for item in (payload[:10] if type(payload) is list else ())
        if (passed := _payload(item, passing))
    ]
    expressions = content.get("user_expressions")
    kept["user_expressions"] = {
        name: _expression(value, passing)
        for name, value in (list(expressions.items())[:50] if type(expressions) is dict else ())
        if WORD.fullmatch(name) and type(value) is dict
    }
    return kept


def complete(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """Completions; of the metadata their kinds only."""
    kept = _status(content, passing)
    kept["matches"] = passing.strings(content.get("matches"), passing.limits.matches, 500, code=True)
    kept["cursor_start"] = number(content.get("cursor_start")) or 0
    kept["cursor_end"] = number(content.get("cursor_end")) or 0
    metadata = content.get("metadata")
    types = metadata.get("_jupyter_types_experimental") if type(metadata) is dict else None
    kept["metadata"] = {}
    if type(types) is list:
        kept["metadata"]["_jupyter_types_experimental"] = [
            _completion(item, passing) for item in types[: passing.limits.matches] if type(item) is dict
        ]
    return kept


def inspect(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """A tooltip or a page of help."""
    kept = _status(content, passing)
    filtered = passing.bundle(content.get("data") or {}, content.get("metadata"))
    return {**kept, "found": bool(content.get("found")), "data": filtered.data, "metadata": filtered.metadata}


def history(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """Earlier inputs, as (session, line, input); outputs are not given again."""
    kept = _status(content, passing)
    kept["history"] = []
    entries = content.get("history")
    for entry in entries[-passing.limits.history :] if type(entries) is list else ():
        if not isinstance(entry, list | tuple) or len(entry) != 3:
            continue
        if passing.size > passing.limits.text_bytes:
            passing.hold("history", "too-large", passing.size)
            break
        source = entry[2][0] if isinstance(entry[2], list | tuple) and entry[2] else entry[2]
        kept["history"].append(
            [number(entry[0]) or 0, number(entry[1]) or 0, passing.code(source, 16 * 1024)]
        )
    return kept


def is_complete(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """Whether code is whole, and how the next line is indented."""
    status = content.get("status")
    indent = content.get("indent")
    kept = {"status": status if status in ("complete", "incomplete", "invalid", "unknown") else "unknown"}
    if type(indent) is str and not indent.strip(" \t"):
        kept["indent"] = indent[:80]
    return kept


def kernel_info(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """What kernel this is. No banner, no links, and no debugger: the desk has none."""
    info = content.get("language_info")
    language: dict[str, Any] = {}
    if type(info) is dict:
        language = {key: info[key] for key in LANGUAGE if _word(info.get(key))}
        mode = info.get("codemirror_mode")
        if type(mode) is dict:
            mode = {
                key: value for key in ("name", "version") if _word(value := mode.get(key)) or number(value)
            }
        if mode and (type(mode) is dict or _word(mode)):
            language["codemirror_mode"] = mode
    language.setdefault("name", "python")
    language.setdefault("version", "")
    features = content.get("supported_features")
    subshells = type(features) is list and "kernel subshells" in features[:20]
    version = content.get("protocol_version")
    return {
        "status": "ok",
        "protocol_version": version if type(version) is str and VERSION.fullmatch(version) else "5.3",
        "implementation": content["implementation"] if _word(content.get("implementation")) else "",
        "implementation_version": (
            content["implementation_version"] if _word(content.get("implementation_version")) else ""
        ),
        "language_info": language,
        "banner": "",
        "help_links": [],
        "supported_features": ["kernel subshells"] if subshells else [],
    }


def ended(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """An interrupt's or a shutdown's answer."""
    kept = _status(content, passing)
    if type(content.get("restart")) is bool:
        kept["restart"] = content["restart"]
    return kept


def subshell(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """A subshell made or deleted, or the list of them."""
    kept = _status(content, passing)
    names = content.get("subshell_id")
    if type(names) is list:
        kept["subshell_id"] = [name for name in names[:100] if type(name) is str and ID.fullmatch(name)]
    elif type(names) is str and ID.fullmatch(names):
        kept["subshell_id"] = names
    return kept


def input_request(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    """A question to the person."""
    prompt = passing.text(content.get("prompt"), passing.limits.prompt_bytes)
    return {"prompt": prompt, "password": content.get("password") is True}


def _status(content: dict[str, Any], passing: Passing) -> dict[str, Any]:
    status = content.get("status")
    kept: dict[str, Any] = {"status": status if status in ("ok", "error", "aborted", "abort") else "ok"}
    if kept["status"] == "error":
        kept["ename"] = passing.text(content.get("ename"), 1000)
        kept["evalue"] = passing.text(content.get("evalue"), 64 * 1024)
        kept["traceback"] = passing.strings(content.get("traceback"), 200, 64 * 1024)
    return kept


def _payload(item: Any, passing: Passing) -> dict[str, Any] | None:
    if type(item) is not dict:
        return None
    source = item.get("source")
    if source == "page":
        return {"source": "page", "data": passing.bundle(item.get("data"), None).data, "start": 0}
    if source == "set_next_input" and type(item.get("text")) is str and len(item["text"]) <= INPUT_SET:
        text = passing.code(item["text"], INPUT_SET)
        return {"source": source, "text": text, "replace": item.get("replace") is True}
    if source == "ask_exit":
        return {"source": source, "keepkernel": item.get("keepkernel") is True}
    return None


def _expression(value: dict[str, Any], passing: Passing) -> dict[str, Any]:
    kept = _status(value, passing)
    if kept["status"] == "ok":
        filtered = passing.bundle(value.get("data"), value.get("metadata"))
        kept.update(data=filtered.data, metadata=filtered.metadata)
    return kept


def _completion(item: dict[str, Any], passing: Passing) -> dict[str, Any]:
    kind = item.get("type")
    kept: dict[str, Any] = {
        "start": number(item.get("start")) or 0,
        "end": number(item.get("end")) or 0,
        "text": passing.code(item.get("text"), 500),
        "type": kind if type(kind) is str and KINDS.fullmatch(kind) else "",
    }
    if type(item.get("signature")) is str:
        kept["signature"] = passing.text(item["signature"], 500)
    return kept


def _word(value: Any) -> bool:
    return type(value) is str and bool(WORD.fullmatch(value))
