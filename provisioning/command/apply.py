"""``carrel apply``: make the registry what a site file declares."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from provisioning.command.answer import Answer
from provisioning.command.arguments import verb, writing
from provisioning.refusal import Refusal
from provisioning.site.apply import Applied, apply
from provisioning.site.file import read_site


def add_to(nouns: Any) -> None:
    parser = verb(nouns, "apply", _apply, "make the registry what a site file declares")
    parser.add_argument("file", type=Path, metavar="FILE", help="the site file (YAML)")
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
    site = read_site(chosen.file)
    with writing() as session:
        applied = apply(
            session,
            site,
            passwords=chosen.passwords_out is not None and not chosen.dry_run,
            enrol=chosen.enrol,
        )
        if chosen.dry_run:
            session.rollback()
        elif applied.passwords:
            # Before the commit: an account whose password nobody knows is worse than a password too many.
            _keep(chosen.passwords_out, applied)
    lines = applied.changes or ["nothing to change"]
    return Answer({"dry_run": chosen.dry_run, "changes": applied.changes}, lines)


def _sign_ins(applied: Applied) -> dict[str, dict[str, str]]:
    made = {name: {"password": password} for name, password in applied.passwords.items()}
    for name, secret in applied.totp.items():
        made[name]["totp"] = secret
    return made


def _keep(file: Path, applied: Applied) -> None:
    """Add the new passwords to ``file``, whole or not at all."""
    half = file.with_name(file.name + ".new")
    try:
        known = json.loads(file.read_text()) if file.exists() else {}
        half.unlink(missing_ok=True)
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            json.dump({**known, **_sign_ins(applied)}, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        half.replace(file)
    except (OSError, ValueError, TypeError) as error:
        raise Refusal(
            "The passwords cannot be written to {file} ({reason}); nothing was changed.",
            file=file,
            reason=getattr(error, "strerror", None) or "it holds something else",
        ) from error
