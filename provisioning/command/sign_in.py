"""``carrel user``: what an account signs in with: passwords, one-time codes, lock-out."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from provisioning.accounts import credentials
from provisioning.command.answer import Answer, done
from provisioning.command.arguments import verb, writing
from provisioning.registry import events
from provisioning.registry.lookup import get_account
from provisioning.registry.passwords import LONGEST, random_password


def add_to(verbs: Any) -> None:
    """The verbs of ``carrel user`` that are about signing in."""
    password = verb(verbs, "password", _password, "give a random password, to be changed at the next sign-in")
    password.add_argument(
        "--stdin", action="store_true", help="take the password from standard input, one line, instead"
    )
    password.add_argument("account", metavar="ACCOUNT")
    set_password = verb(
        verbs, "set-password", _set_password, "set a password, one line from standard input, that stays"
    )
    set_password.add_argument("account", metavar="ACCOUNT")
    reset = verb(verbs, "reset-totp", _reset_totp, "have the next sign-in set up new one-time codes")
    reset.add_argument(
        "--enrol", action="store_true", help="set them up here and print the secret (demo sites)"
    )
    reset.add_argument("account", metavar="ACCOUNT")
    unlock = verb(verbs, "unlock", _unlock, "open an account that wrong tries shut")
    unlock.add_argument("account", metavar="ACCOUNT")


def _password(chosen: Namespace) -> Answer:
    password = _typed() if chosen.stdin else random_password()
    _give(chosen.account, password, must_change=True)
    if chosen.stdin:
        return done(
            f"password of {chosen.account} set, to be changed at the next sign-in", account=chosen.account
        )
    return done(password, account=chosen.account, password=password)


def _set_password(chosen: Namespace) -> Answer:
    _give(chosen.account, _typed(), must_change=False)
    return done(f"password of {chosen.account} set", account=chosen.account)


def _typed() -> str:
    return sys.stdin.readline(LONGEST + 2).rstrip("\r\n")


def _give(name: str, password: str, *, must_change: bool) -> None:
    with writing() as session:
        credentials.give_password(session, get_account(session, name), password, must_change=must_change)
        _record(session, name, "password-changed", "by-admin")


def _reset_totp(chosen: Namespace) -> Answer:
    with writing() as session:
        name = get_account(session, chosen.account).name
        credentials.reset_totp(session, name)
        secret = credentials.enrol_new(session, name) if chosen.enrol else None
        _record(session, name, "totp-enrolled" if secret else "totp-reset", "by-admin")
    if secret:
        return done(secret, account=name, totp=secret)
    return done(f"{name} sets up new one-time codes at the next sign-in", account=name)


def _unlock(chosen: Namespace) -> Answer:
    with writing() as session:
        name = get_account(session, chosen.account).name
        shut = credentials.unlock(session, name)
        _record(session, name, "unlocked", "by-admin")
    return done(f"{name} can sign in" if shut else f"{name} was not locked", account=name, was_locked=shut)


def _record(session: Any, name: str, kind: str, reason: str) -> None:
    events.record(session, source="command", user=name, project="-", kind=kind, detail={"reason": reason})
