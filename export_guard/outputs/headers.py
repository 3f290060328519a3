"""A message's envelope: header, parent header and metadata, only what the browser needs of them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
TYPE = re.compile(r"[a-z_]{1,40}")
VERSION = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


def clean_header(header: Any) -> dict[str, Any] | None:
    """The header's known fields in their known forms; None when it has no id or no type."""
    if type(header) is not dict:
        return None
    msg_id = header.get("msg_id")
    msg_type = header.get("msg_type")
    if type(msg_id) is not str or type(msg_type) is not str:
        return None
    if not ID.fullmatch(msg_id) or not TYPE.fullmatch(msg_type):
        return None
    session = header.get("session")
    version = header.get("version")
    # Whoever runs a kernel has one name here, and a session's is only compared with itself.
    kept = {
        "msg_id": msg_id,
        "msg_type": msg_type,
        "username": "username",
        "session": session if type(session) is str and ID.fullmatch(session) else "",
        "date": moment(header.get("date")) or "",
        "version": version if type(version) is str and VERSION.fullmatch(version) else "5.3",
    }
    subshell = header.get("subshell_id")
    if type(subshell) is str and ID.fullmatch(subshell):
        kept["subshell_id"] = subshell
    return kept


def clean_parent(parent: Any) -> dict[str, Any]:
    """The parent's header as `clean_header`; empty when there is none."""
    return clean_header(parent) or {}


def clean_metadata(metadata: Any) -> dict[str, Any]:
    """What JupyterLab and ipywidgets read of a message's metadata."""
    if not metadata or type(metadata) is not dict:
        return {}
    kept: dict[str, Any] = {}
    started = moment(metadata.get("started"))
    if started:
        kept["started"] = started
    if type(metadata.get("dependencies_met")) is bool:
        kept["dependencies_met"] = metadata["dependencies_met"]
    if metadata.get("status") in ("ok", "error", "aborted"):
        kept["status"] = metadata["status"]
    version = metadata.get("version")
    if type(version) is str and VERSION.fullmatch(version):
        kept["version"] = version
    return kept


def moment(value: Any) -> str | None:
    """A time in ISO 8601, from text or from a datetime; None for anything else."""
    if type(value) is str:
        return value if MOMENT.fullmatch(value) else None
    return value.isoformat() if isinstance(value, datetime) else None
