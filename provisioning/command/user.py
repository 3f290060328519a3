"""``carrel user``: accounts, suspending them; what they sign in with is in `sign_in`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import select

from provisioning.accounts.credentials import locked_until
from provisioning.command import people, sign_in
from provisioning.command.answer import Answer, done, table
from provisioning.command.arguments import noun, reading, verb, writing
from provisioning.registry.lookup import get_account
from provisioning.registry.models import Account, AccountStatus, Role


def add_to(nouns: Any) -> None:
    verbs = noun(nouns, "user", "accounts")
    verb(verbs, "list", _list, "list the accounts")
    for name, run, summary in (
        ("suspend", _suspend, "keep an account from signing in and from every desk"),
        ("resume", _resume, "end a suspension"),
    ):
        verb(verbs, name, run, summary).add_argument("account", metavar="ACCOUNT")
    sign_in.add_to(verbs)
    people.add_to(verbs)


def _list(chosen: Namespace) -> Answer:
    with reading() as session:
        rows = [
            {
                "account": account.name,
                "roles": [role.value for role in Role if role in account.roles],
                "status": account.status,
                "display_name": account.display_name,
                "created": account.created,
                "locked_until": locked_until(session, account.name),
            }
            for account in session.scalars(select(Account).order_by(Account.name))
        ]
    return table(rows, ("account", "roles", "status", "locked_until", "display_name"))


def _suspend(chosen: Namespace) -> Answer:
    return _status(chosen.account, AccountStatus.SUSPENDED)


def _resume(chosen: Namespace) -> Answer:
    return _status(chosen.account, AccountStatus.ACTIVE)


def _status(name: str, status: AccountStatus) -> Answer:
    with writing() as session:
        get_account(session, name).status = status
    return done(f"account {name} is {status}", account=name, status=status)
