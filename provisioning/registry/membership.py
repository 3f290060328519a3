"""Giving and taking membership of a project."""

from __future__ import annotations

from sqlalchemy.orm import Session

from provisioning.refusal import Refusal
from provisioning.registry.lookup import get_account, get_project
from provisioning.registry.models import MEMBER_ROLES, Membership


def add_member(session: Session, project: str, account: str) -> bool:
    """Make ``account`` a member; False where it is one already.

    Raises `Refusal` for an unknown project or account, and for a role that must stay apart from data.
    """
    get_project(session, project)
    role = get_account(session, account).role
    if role not in MEMBER_ROLES:
        raise Refusal(
            "{account} cannot be a member of {project}: only analysts and engineers can, "
            "and this account's role is {role}.",
            account=account,
            project=project,
            role=role,
        )
    if session.get(Membership, (project, account)) is not None:
        return False
    session.add(Membership(project=project, account=account))
    session.flush()
    return True


def remove_member(session: Session, project: str, account: str) -> bool:
    """End ``account``'s membership; False where it is no member. Raises `Refusal` for an unknown project."""
    get_project(session, project)
    membership = session.get(Membership, (project, account))
    if membership is None:
        return False
    session.delete(membership)
    session.flush()
    return True
