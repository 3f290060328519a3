"""``carrel release``: what people asked to take out."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from provisioning.command.answer import Answer, table
from provisioning.command.arguments import noun, reading, verb
from provisioning.registry.models import ReleaseRequest, ReleaseStatus
from provisioning.registry.releases import requests


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "release", "requests to release files")
    parser = verb(verbs, "list", _list, "list release requests, newest first")
    parser.add_argument("--project", metavar="PROJECT", help="of this project only")
    states = [state.value for state in ReleaseStatus]
    parser.add_argument("--status", choices=states, metavar="STATUS", help=", ".join(states))
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="at most N (default 100)")


def _row(request: ReleaseRequest) -> dict[str, Any]:
    names = ("number", "project", "requested_by", "status", "created", "recipient", "purpose")
    return {
        "release": request.id,
        **{name: getattr(request, name) for name in names},
        "files": [{"path": file.path, "sha256": file.sha256, "bytes": file.bytes} for file in request.files],
        "bytes": sum(file.bytes for file in request.files),
    }


def _list(chosen: Namespace) -> Answer:
    status = ReleaseStatus(chosen.status) if chosen.status else None
    with reading() as session:
        found = requests(session, project=chosen.project, status=status, limit=max(1, chosen.limit))
        rows = [_row(request) for request in found]
    return table(rows, ("number", "project", "requested_by", "status", "created", "bytes", "recipient"))
