"""The ``carrel`` command: one module a noun. Exit 0 done, 1 refused (one line on stderr), 2 usage."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError, IntegrityError

from provisioning.audit.actor import Actor, acting, person
from provisioning.command import (
    apply,
    audit,
    backup,
    extract,
    grant,
    project,
    registry,
    release,
    run,
    template,
    user,
)
from provisioning.command.answer import Answer
from provisioning.refusal import Refusal

NOUNS = (apply, user, project, extract, grant, template, run, release, audit, registry, backup)


def parser() -> argparse.ArgumentParser:
    """The whole command line; the documentation is made from it."""
    top = argparse.ArgumentParser(
        prog="carrel",
        description="Accounts, projects, extracts, grants, templates, runs, releases, audit trail of a site.",
        epilog="CARREL_REGISTRY_URL names the registry, CARREL_DATA the folder of extracts and templates.",
    )
    nouns = top.add_subparsers(metavar="NOUN", required=True)
    for noun in NOUNS:
        noun.add_to(nouns)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    chosen = parser().parse_args(arguments)
    try:
        with acting(Actor("command", person(), chosen.command)):
            answer: Answer = chosen.run(chosen)
    except Refusal as refusal:
        return _refused(refusal)
    except IntegrityError:
        return _refused(Refusal("Something else changed the registry at the same time. Try again."))
    except DBAPIError as error:
        return _refused(
            Refusal(
                "The registry cannot be used ({reason}). Run `carrel registry upgrade`, "
                "or check CARREL_REGISTRY_URL.",
                reason=str(error.orig).splitlines()[0],
            )
        )
    answer.show(chosen.json)
    return 0


def _refused(refusal: Refusal) -> int:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    print(refusal.text("zh_CN" if locale.startswith("zh") else "en"), file=sys.stderr)
    return 1
