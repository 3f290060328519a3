"""``carrel grant``: which project may read which extract."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import select

from provisioning.command.answer import Answer, done, table
from provisioning.command.arguments import day, noun, reading, verb, writing
from provisioning.registry.grants import add_grant, revoke_grants
from provisioning.registry.models import Grant


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "grant", "grants of extracts to projects")
    parser = verb(verbs, "add", _add, "grant an extract to a project")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("extract", metavar="EXTRACT", help="NAME (its newest version) or NAME@VERSION")
    parser.add_argument("--expires", type=day, metavar="DATE", help="the last day, YYYY-MM-DD")
    parser = verb(verbs, "revoke", _revoke, "take an extract back from a project")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("extract", metavar="EXTRACT", help="NAME (every version) or NAME@VERSION")
    parser = verb(verbs, "list", _list, "list the grants, revoked ones too")
    parser.add_argument("project", metavar="PROJECT", nargs="?")


def _row(grant: Grant) -> dict[str, Any]:
    return {
        "project": grant.project,
        "extract": f"{grant.extract.name}@{grant.extract.version}",
        "extract_status": grant.extract.status,
        "granted": grant.granted,
        "expires": grant.expires,
        "revoked": grant.revoked,
    }


def _add(chosen: Namespace) -> Answer:
    with writing() as session:
        row = _row(add_grant(session, chosen.project, chosen.extract, chosen.expires))
    return done(f"{row['extract']} is granted to {row['project']}", **row)


def _revoke(chosen: Namespace) -> Answer:
    with writing() as session:
        rows = [_row(grant) for grant in revoke_grants(session, chosen.project, chosen.extract)]
    return Answer(rows, [f"{row['extract']} is revoked from {row['project']}" for row in rows])


def _list(chosen: Namespace) -> Answer:
    query = select(Grant).order_by(Grant.project, Grant.granted, Grant.id)
    if chosen.project:
        query = query.where(Grant.project == chosen.project)
    with reading() as session:
        rows = [_row(grant) for grant in session.scalars(query)]
    return table(rows, ("project", "extract", "extract_status", "granted", "expires", "revoked"))
