"""``carrel registry``: the database itself."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from provisioning.audit.upgrade import upgrade_recorded
from provisioning.command.answer import Answer, done
from provisioning.command.arguments import noun, verb
from provisioning.registry.database import revisions


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "registry", "the registry's database")
    verb(verbs, "upgrade", _upgrade, "bring the registry to this version's tables")
    verb(verbs, "status", _status, "compare the registry's tables with this version's")


def _status(chosen: Namespace) -> Answer:
    revision, head = revisions()
    said = "up to date" if revision == head else "not this version's: run carrel registry upgrade"
    return Answer({"revision": revision, "head": head}, [f"{revision or '-'} of {head}: {said}"])


def _upgrade(chosen: Namespace) -> Answer:
    upgrade_recorded()
    return done("the registry is up to date", upgraded=True)
