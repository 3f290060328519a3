"""What a desk is told about its project: who, until when, and the dictionaries of its extracts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_config.portal import reading
from hub_config.portal.desk_identity import DeskId
from provisioning.registry.access import GrantedExtract
from provisioning.registry.columns import utc_now
from provisioning.registry.models import Extract

COLUMN = ("name", "type", "unit", "title", "codes")
"""What is told of a column; a manifest may come to hold more."""


def desk_document(session: Session, desk: DeskId) -> dict[str, Any]:
    """Everything but rows. Raises `AccessDenied` where the person may not work in the project now."""
    allowed, project = reading.member_project(session, desk.user, desk.project)
    return {
        "user": desk.user,
        "project": desk.project,
        "title": {"en": project.title_en, "zh": project.title_zh},
        "expires": project.expires.isoformat() if project.expires else None,
        "time": utc_now().isoformat(timespec="seconds"),
        "display": {"bytes": allowed.quotas.display_bytes, "cells": allowed.quotas.display_cells},
        "extracts": [_extract(session, extract) for extract in allowed.extracts],
    }


def _extract(session: Session, granted: GrantedExtract) -> dict[str, Any]:
    query = select(Extract.manifest).where(Extract.name == granted.name, Extract.version == granted.version)
    manifest = session.scalar(query) or {}
    return {
        "name": granted.name,
        "version": granted.version,
        "title": granted.title._asdict(),
        "folder": f"/data/{granted.name}",
        "tables": [_table(table) for table in manifest.get("tables", ())],
    }


def _table(table: dict[str, Any]) -> dict[str, Any]:
    columns = [{key: column.get(key) for key in COLUMN} for column in table.get("columns", ())]
    return {**{key: table.get(key) for key in ("name", "title", "rows")}, "columns": columns}
