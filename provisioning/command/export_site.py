"""``carrel export-site``: the registry as a site file."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from provisioning.command.answer import Answer
from provisioning.command.arguments import reading, verb
from provisioning.site.export import export_site


def add_to(nouns: Any) -> None:
    verb(
        nouns,
        "export-site",
        _export,
        "write the registry as a site file, which applied again changes nothing; no passwords are in it",
        examples=("carrel export-site > site.yaml", "carrel apply site.yaml --dry-run"),
    )


def _export(chosen: Namespace) -> Answer:
    with reading() as session:
        text = export_site(session)
    return Answer({"site": text}, text.splitlines())
