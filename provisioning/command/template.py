"""``carrel template``: publishing, listing and withdrawing templates."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from provisioning.command.answer import Answer, done, table
from provisioning.command.arguments import noun, reading, verb, writing
from provisioning.registry.lookup import get_template
from provisioning.registry.models import Template
from provisioning.settings import templates_root
from provisioning.templates.publish import publish, withdraw


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "template", "templates: standard analyses")
    parser = verb(verbs, "publish", _publish, "publish a template's folder as an immutable version")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    verb(verbs, "list", _list, "list the templates")
    parser = verb(verbs, "withdraw", _withdraw, "allow no new runs of a version, for good")
    parser.add_argument("template", metavar="TEMPLATE")
    parser.add_argument("version", metavar="VERSION")


def _row(template: Template) -> dict[str, Any]:
    names = ("name", "version", "status", "digest", "folder", "published")
    return {name: getattr(template, name) for name in names}


def _publish(chosen: Namespace) -> Answer:
    with writing() as session:
        published = publish(chosen.folder, templates_root(), session)
        row = _row(published.template)
    line = f"{row['name']} {row['version']} {row['digest']}" + ("" if published.new else " (was there)")
    return done(line, **row, new=published.new)


def _list(chosen: Namespace) -> Answer:
    with reading() as session:
        query = select(Template).order_by(Template.name, Template.published, Template.id)
        rows = [_row(template) for template in session.scalars(query)]
    return table(rows, ("name", "version", "status", "digest"))


def _withdraw(chosen: Namespace) -> Answer:
    with writing() as session:
        changed = withdraw(session, get_template(session, chosen.template, chosen.version))
    line = f"{chosen.template} {chosen.version} is withdrawn"
    return done(line, template=chosen.template, version=chosen.version, changed=changed)
