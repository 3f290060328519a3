"""``carrel apply``: make the registry what a site file declares."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from provisioning.command.answer import Answer
from provisioning.command.arguments import verb, writing
from provisioning.command.progress import Progress
from provisioning.refusal import Refusal
from provisioning.site.apply import Applied, apply
from provisioning.site.file import read_site


def add_to(nouns: Any) -> None:
    parser = verb(nouns, "apply", _apply, "make the registry what site files declare")
    parser.add_argument("file", type=Path, metavar="FILE", nargs="+", help="site files (YAML), read as one")

    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument(
        "--passwords-out",
        type=Path,
        metavar="FILE",
        help="give new accounts random passwords and add them to FILE as JSON, mode 0600",
    )
    parser.add_argument(
        "--enrol",
        action="store_true",
        help="with --passwords-out: give them one-time-code secrets, too, and ask for no change of password "
        "(demo sites, whose people are programs)",
    )


def _apply(chosen: Namespace) -> Answer:
    site = read_site(*chosen.file)
    with writing() as session:
        wanted = chosen.passwords_out is not None and not chosen.dry_run
        with Progress("passwords") as progress:
            applied = apply(session, site, passwords=wanted, enrol=chosen.enrol, progress=progress)
        if chosen.dry_run:
            session.rollback()
        elif applied.passwords:
            # Before the commit: an account whose password nobody knows is worse than a password too many.
            keep_passwords(chosen.passwords_out, sign_ins(applied))
    changes = [change.document() for change in applied.changes]
    return Answer({"dry_run": chosen.dry_run, "changes": changes}, applied.lines() or ["nothing to change"])


def sign_ins(applied: Applied) -> dict[str, dict[str, str]]:
    """What new accounts sign in with, by name: ``password``, and ``totp`` where they were enrolled."""
    made = {name: {"password": password} for name, password in applied.passwords.items()}
    for name, secret in applied.totp.items():
        made[name]["totp"] = secret
    return made


def keep_passwords(file: Path, passwords: dict[str, dict[str, str]]) -> None:
    """Add the new passwords to ``file``, whole or not at all. Raises `Refusal`."""
    half = file.with_name(file.name + ".new")
    try:
        known = json.loads(file.read_text()) if file.exists() else {}
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump({**known, **passwords}, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
    except (OSError, ValueError, TypeError) as error:
        raise Refusal(
            "The passwords cannot be written to {file} ({reason}); nothing was changed.",
            file=file,
            reason=getattr(error, "strerror", None) or "it holds something else",
        ) from error
