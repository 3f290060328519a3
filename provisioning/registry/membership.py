"""Giving and taking membership of a project."""

from __future__ import annotations

from collections.abc import Set

from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_account, get_project
from provisioning.registry.models import Membership, Role
from provisioning.registry.roles import shown, works_on_data


def add_member(session: Session, project: str, account: str) -> bool:
    """Make ``account`` a member; False where it is one already.

    Raises `Refusal` for an unknown project or account, and for a role that must stay apart from data.
    """
    get_project(session, project)
    roles = set(get_account(session, account).roles)
    if not works_on_data(roles):
        raise not_for_members(account, roles, project)
    if session.get(Membership, (project, account)) is not None:
        return False
    session.add(Membership(project=project, account=account))
    session.flush()
    return True


def not_for_members(account: str, roles: Set[Role], project: str) -> Refusal:
    """That who holds ``roles`` cannot be a member."""
    return Refusal(
        "{account} cannot be a member of {project}: only analysts and engineers can who are neither admin "
        "nor auditor, and this account is {roles}.",
        account=account,
        project=project,
        roles=shown(roles),
    )


def remove_member(session: Session, project: str, account: str) -> bool:
    """End ``account``'s membership; False where it is no member. Raises `Refusal` for an unknown project."""
    get_project(session, project)
    membership = session.get(Membership, (project, account))
    if membership is None:
        return False
    session.delete(membership)
    session.flush()
    return True
