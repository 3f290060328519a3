"""``carrel run``: what runs there were, and how one went."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import select

from provisioning.command.answer import Answer, fields, table
from provisioning.command.arguments import noun, reading, verb
from provisioning.registry.models import Run
from provisioning.registry.runs import get_run


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "run", "runs of templates")
    parser = verb(verbs, "list", _list, "list runs, newest first")
    parser.add_argument("--project", metavar="PROJECT", help="of this project only")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most N (default 50)")
    verb(verbs, "show", _show, "show one run").add_argument("run_id", metavar="RUN")


def _row(run: Run) -> dict[str, Any]:
    names = ("project", "requested_by", "status", "created", "started", "finished", "error")
    return {
        "run": run.id,
        "template": f"{run.template.name} {run.template.version}",
        **{name: getattr(run, name) for name in names},
    }


def _list(chosen: Namespace) -> Answer:
    query = select(Run).order_by(Run.created.desc(), Run.id).limit(max(1, chosen.limit))
    if chosen.project:
        query = query.where(Run.project == chosen.project)
    with reading() as session:
        rows = [_row(run) for run in session.scalars(query)]
    return table(rows, ("run", "project", "template", "requested_by", "status", "created", "finished"))


def _show(chosen: Namespace) -> Answer:
    with reading() as session:
        run = get_run(session, chosen.run_id)
        row = _row(run)
        row |= {
            "template_digest": run.template.digest,
            "extracts": run.extracts,
            "parameters": run.parameters,
            "language": run.language,
            "image": run.image,
        }
    return fields(row)
