"""Which roles one person may hold, and who may work on data: the one place that says so."""

from __future__ import annotations

import os
from collections.abc import Set

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry import events
from provisioning.registry.models import DUTIES, MEMBER_ROLES, Account, AccountRole, Membership, Role

APART = frozenset({Role.ADMIN, Role.AUDITOR})
"""Who holds one of them is no project's member, whatever else they hold."""

SETTING = "CARREL_ALLOW_COMBINED_DUTIES"


def works_on_data(roles: Set[Role]) -> bool:
    """Whether who holds ``roles`` may be a project's member."""
    return bool(roles & MEMBER_ROLES) and not roles & APART


def works_on_data_clause() -> ColumnElement[bool]:
    """`works_on_data` in SQL, about the `Account` of a query."""

    def held(roles: Set[Role]) -> ColumnElement[bool]:
        return exists(
            select(AccountRole.role).where(AccountRole.account == Account.name, AccountRole.role.in_(roles))
        )

    return held(MEMBER_ROLES) & ~held(APART)


def shown(roles: Set[Role]) -> str:
    """``roles`` in the order in which they are declared, such as ``analyst, reviewer``."""
    return ", ".join(role.value for role in Role if role in roles)


def combining_allowed() -> bool:
    """Whether this site lets one person hold several duties; ``CARREL_ALLOW_COMBINED_DUTIES=yes`` says so."""
    return os.environ.get(SETTING, "").strip().lower() in ("1", "yes", "true")


def check(name: str, roles: Set[Role]) -> None:
    """Raises `Refusal` where ``name`` would have no role, or several duties and the site allows none such.

    Source: GB/T 22239-2019, 8.1.5 and 8.1.7 (system, security and audit administration apart).
    """
    if not roles:
        raise Refusal("{account} needs a role: {roles}.", account=name, roles=shown(set(Role)))
    if len(roles & DUTIES) > 1 and not combining_allowed():
        raise Refusal(
            "{account} cannot be {roles} in one: these duties are held by different people. Give one of "
            "them to another account, or allow it for the whole site with CARREL_ALLOW_COMBINED_DUTIES=yes.",
            account=name,
            roles=shown(roles & DUTIES),
        )


def set_roles(session: Session, account: Account, roles: Set[Role]) -> bool:
    """Give ``account`` just ``roles``; False where it holds them already. Call it inside `database.writing`.

    A combination of duties that the site allows is recorded. Raises `Refusal` as `check` does.
    Memberships are the caller's: `refuse_member_apart` looks at them once the whole change stands.
    """
    check(account.name, roles)
    held = set(account.roles)
    if held == roles:
        return False
    going = [row for row in account.held if row.role not in roles or row.combined]
    account.held.difference_update(going)
    session.add(account)
    if going:
        # The rows that go must be gone before those that come: one duty only, says the database.
        session.flush()
    held = set(account.roles)
    one = bool(held & DUTIES)
    for role in sorted(roles - held):
        further = role in DUTIES and one
        account.held.add(AccountRole(role=role, combined=further))
        one = one or role in DUTIES
    if len(roles & DUTIES) > 1:
        _record(session, account.name, roles)
    return True


def refuse_member_apart(session: Session, account: Account) -> None:
    """Raises `Refusal` where ``account`` is a member of a project and may not be with the roles it holds."""
    roles = set(account.roles)
    if works_on_data(roles):
        return
    query = select(Membership.project).where(Membership.account == account.name).order_by(Membership.project)
    for project in session.scalars(query.limit(1)):
        raise member_apart(account.name, roles, project)


def member_apart(account: str, roles: Set[Role], project: str) -> Refusal:
    """That who holds ``roles`` may not stay a member of ``project``."""
    return Refusal(
        "{account} cannot get the role {role} while a member of {project}: remove the member.",
        account=account,
        role=shown(roles),
        project=project,
    )


def _record(session: Session, account: str, roles: Set[Role]) -> None:
    what = "+".join(role.value for role in Role if role in roles & DUTIES)
    events.record(
        session, source="command", user=account, project="", kind="duties-combined", detail={"what": what}
    )
