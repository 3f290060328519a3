"""What the nouns share: a verb's parser, a session, a date."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from provisioning.command.answer import Answer
from provisioning.registry import database


def noun(nouns: Any, name: str, summary: str) -> Any:
    """The verbs of a new noun."""
    made = nouns.add_parser(name, help=summary, description=summary)
    return made.add_subparsers(metavar="VERB", required=True)


def verb(
    verbs: Any,
    name: str,
    run: Callable[[argparse.Namespace], Answer],
    summary: str,
    examples: Sequence[str] = (),
) -> argparse.ArgumentParser:
    """A new verb that ``run`` carries out, with ``--json``; its help ends with the ``examples``."""
    made: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary,
        epilog="\n".join(["examples:", *(f"  {example}" for example in examples)]) if examples else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="print JSON")
    made.set_defaults(run=run, command=made.prog.split(maxsplit=1)[-1])
    return made


def day(text: str) -> date:
    """An argument that is a date."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: write YYYY-MM-DD") from error


def day_or_never(text: str) -> date | None:
    """An argument that is a date or the word never."""
    return None if text == "never" else day(text)


@contextmanager
def reading() -> Iterator[Session]:
    """A session to read with."""
    engine = database.engine()
    try:
        with database.sessions(engine)() as session:
            yield session
    finally:
        engine.dispose()


@contextmanager
def writing() -> Iterator[Session]:
    """A session that commits unless it raises."""
    engine = database.engine()
    try:
        with database.writing(engine) as session:
            yield session
    finally:
        engine.dispose()
