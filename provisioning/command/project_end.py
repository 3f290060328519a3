"""``carrel project archive`` and ``carrel project delete``."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from provisioning.audit.actor import person
from provisioning.command.answer import Answer
from provisioning.command.arguments import verb
from provisioning.lifecycle.archive import archive
from provisioning.lifecycle.deletion import delete_project
from provisioning.lifecycle.intent import certificate_path
from provisioning.refusal import Refusal
from provisioning.registry import database


def add_end(verbs: Any) -> None:
    """The two verbs, among those of ``carrel project``."""
    parser = verb(verbs, "archive", _archive, "put a closed project into a read-only BagIt bag")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where the bag is made")
    parser = verb(verbs, "delete", _delete, "delete an archived project for good; a certificate stays")
    parser.add_argument("project", metavar="PROJECT")
    parser.add_argument("--confirm", metavar="PROJECT", required=True, help="the project's name once more")
    parser.add_argument("--without-archive", metavar="REASON", help="why a closed project needs no archive")
    parser.add_argument(
        "--extracts", action="store_true", help="delete the extracts that no other project has a grant of too"
    )


@contextmanager
def _opened() -> Iterator[Engine]:
    """The registry, for work that takes several transactions."""
    engine = database.engine()
    try:
        yield engine
    finally:
        engine.dispose()


def _archive(chosen: Namespace) -> Answer:
    with _opened() as registry:
        made = archive(registry, chosen.project, chosen.to, person())
    line = f"project {chosen.project} is archived: {made.folder}, {made.files} files, {made.size} bytes"
    lines = [line, f"left out: {made.left_out}, listed in data/left-out.jsonl"]
    data = {**asdict(made), "folder": str(made.folder), "project": chosen.project}
    return Answer(data, [*lines, *_unseen(made.docker_asked)])


def _delete(chosen: Namespace) -> Answer:
    if chosen.confirm != chosen.project:
        raise Refusal("--confirm must be the project's name, {project}.", project=chosen.project)
    with _opened() as registry:
        made = delete_project(
            registry,
            chosen.project,
            actor=person(),
            without_archive=chosen.without_archive,
            extracts=chosen.extracts,
        )
    lines = [f"project {chosen.project} is deleted; the certificate: {certificate_path(chosen.project)}"]
    if not made["keys"]:
        lines.append("no key of the project was found")
    return Answer(made, [*lines, *_unseen(made["docker_asked"])])


def _unseen(docker_asked: bool) -> list[str]:
    if docker_asked:
        return []
    return ["Docker could not be asked from here whether a desk stood; the portal ends those within seconds"]
