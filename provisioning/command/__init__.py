"""The ``carrel`` command: one module a noun. See `EXITS` for how it ends."""

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
    completion,
    export_site,
    extract,
    grant,
    policy,
    project,
    quota,
    registry,
    release,
    run,
    template,
    user,
)
from provisioning.command.answer import Answer
from provisioning.refusal import Refusal
from provisioning.registry.database import RegistryUnavailable

NOUNS = (
    apply,
    export_site,
    user,
    project,
    extract,
    grant,
    quota,
    policy,
    template,
    run,
    release,
    audit,
    registry,
    backup,
)

EXITS = {
    0: "done, or nothing to do",
    1: "refused, with what and how to mend it on standard error; nothing was changed",
    2: "not a command line; see --help",
    3: "the registry cannot be used",
    130: "interrupted; nothing was changed",
}


def parser() -> argparse.ArgumentParser:
    """The whole command line; the documentation is made from it."""
    top = argparse.ArgumentParser(
        prog="carrel",
        description="Accounts, projects, extracts, grants, templates, runs, releases, audit trail of a site.",
        epilog="CARREL_REGISTRY_URL names the registry, CARREL_DATA the folder of extracts and templates.\n"
        "exit status: " + "; ".join(f"{status} {what}" for status, what in EXITS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    nouns = top.add_subparsers(metavar="NOUN", required=True)
    for noun in NOUNS:
        noun.add_to(nouns)
    completion.add_to(nouns, parser)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    chosen = parser().parse_args(arguments)
    try:
        with acting(Actor("command", person(), chosen.command)):
            answer: Answer = chosen.run(chosen)
    except RegistryUnavailable as refusal:
        _refused(refusal)
        return 3
    except Refusal as refusal:
        return _refused(refusal)
    except KeyboardInterrupt:
        _refused(Refusal("Interrupted; nothing was changed."))
        return 130
    except IntegrityError:
        return _refused(Refusal("Something else changed the registry at the same time. Try again."))
    except DBAPIError as error:
        _refused(
            Refusal(
                "The registry cannot be used ({reason}). Run `carrel registry upgrade`, "
                "or check CARREL_REGISTRY_URL.",
                reason=str(error.orig).splitlines()[0],
            )
        )
        return 3
    answer.show(chosen.json)
    return 0


def _refused(refusal: Refusal) -> int:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    print(refusal.text("zh_CN" if locale.startswith("zh") else "en"), file=sys.stderr)
    return 1
