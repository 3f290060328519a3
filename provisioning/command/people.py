"""``carrel user create|show|set-roles|import``: whose accounts there are, and what they may do."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from provisioning.command.answer import Answer, done, fields
from provisioning.command.apply import keep_passwords, sign_ins
from provisioning.command.arguments import reading, verb, writing
from provisioning.command.progress import Progress
from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_account
from provisioning.registry.models import Account, AccountStatus, Membership, Role
from provisioning.registry.roles import refuse_member_apart, set_roles, shown
from provisioning.site.apply import apply
from provisioning.site.faults import Faults, Place
from provisioning.site.file import AccountWanted, Site
from provisioning.site.people import read_people

_OUT = "give new accounts random passwords and add them to FILE as JSON, mode 0600"


def add_to(verbs: Any) -> None:
    """Add these verbs to ``carrel user``."""
    roles = [role.value for role in Role]
    verb(verbs, "show", _show, "show one account, its roles and projects").add_argument(
        "account", metavar="ACCOUNT"
    )
    parser = verb(
        verbs,
        "create",
        _create,
        "make an account; nobody can sign in with it until a password is set",
        examples=("carrel user create li-wei --name 李伟 --role analyst",),
    )
    parser.add_argument("account", metavar="ACCOUNT")
    parser.add_argument("--name", required=True, metavar="NAME", help="how the person is called on pages")
    parser.add_argument("--role", action="append", required=True, choices=roles, help="give it for each role")
    parser.add_argument("--passwords-out", type=Path, metavar="FILE", help=_OUT)
    parser = verb(
        verbs,
        "set-roles",
        _set_roles,
        "give an account just these roles",
        examples=("carrel user set-roles sun-yan reviewer analyst",),
    )
    parser.add_argument("account", metavar="ACCOUNT")
    parser.add_argument("roles", nargs="+", choices=roles, metavar="ROLE", help=", ".join(roles))
    parser = verb(
        verbs,
        "import",
        _import,
        "make the accounts of a table (CSV or XLSX); none where a row is bad",
        examples=(
            "carrel user import people.csv --dry-run",
            "carrel user import 人员.xlsx --passwords-out passwords.json",
        ),
    )
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="columns 账号 account, 姓名 display_name, 角色 roles, 状态 status",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--passwords-out", type=Path, metavar="FILE", help=_OUT)


def _show(chosen: Namespace) -> Answer:
    with reading() as session:
        account = get_account(session, chosen.account)
        query = select(Membership.project).where(Membership.account == account.name)
        row = {
            "account": account.name,
            "display_name": account.display_name,
            "roles": [role.value for role in Role if role in account.roles],
            "status": account.status,
            "created": account.created,
            "projects": sorted(session.scalars(query)),
        }
    return fields(row)


def _create(chosen: Namespace) -> Answer:
    place = Place("carrel user create", 1)
    held = frozenset(Role(role) for role in chosen.role)
    wanted = AccountWanted(place, chosen.account, chosen.name, held, AccountStatus.ACTIVE)
    with writing() as session:
        if session.get(Account, chosen.account) is not None:
            raise Refusal("There is an account {account} already.", account=chosen.account)
        changes = _make(session, (wanted,), chosen.passwords_out)
    return done(changes[0], account=chosen.account, roles=sorted(held))


def _set_roles(chosen: Namespace) -> Answer:
    held = {Role(role) for role in chosen.roles}
    with writing() as session:
        account = get_account(session, chosen.account)
        changed = set_roles(session, account, held)
        refuse_member_apart(session, account)
    line = f"{chosen.account} is {shown(held)}"
    return done(line, account=chosen.account, roles=sorted(held), changed=changed)


def _import(chosen: Namespace) -> Answer:
    people = read_people(chosen.file)
    with writing() as session:
        _refuse_others(session, people)
        changes = _make(session, people, None if chosen.dry_run else chosen.passwords_out)
        if chosen.dry_run:
            session.rollback()
    data = {"dry_run": chosen.dry_run, "rows": len(people), "changes": changes}
    return Answer(data, changes or ["nothing to change"])


def _refuse_others(session: Any, people: tuple[AccountWanted, ...]) -> None:
    """An import makes accounts; it changes none, whose roles somebody may have set since."""
    known = {account.name: account for account in session.scalars(select(Account))}
    faults = Faults()
    for person in people:
        account = known.get(person.name)
        same = account is None or (account.display_name, set(account.roles), account.status) == (
            person.display_name,
            set(person.roles),
            person.status,
        )
        if not same:
            with faults.keep(person.place):
                raise Refusal(
                    "There is an account {account} already, and it differs: take the row out, "
                    "or change the account with `carrel apply`.",
                    account=person.name,
                )
    faults.refuse()


def _make(session: Any, people: tuple[AccountWanted, ...], passwords_out: Path | None) -> list[str]:
    with Progress("passwords") as progress:
        applied = apply(session, Site(people, ()), passwords=passwords_out is not None, progress=progress)
    if passwords_out is not None and applied.passwords:
        keep_passwords(passwords_out, sign_ins(applied))
    return applied.lines()
