"""The registry as a site file, which applied again changes nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from provisioning.registry.models import (
    Account,
    AccountStatus,
    Extract,
    Grant,
    Membership,
    Project,
    ProjectStatus,
    Role,
)
from provisioning.registry.policies import policies
from provisioning.site.file import QUOTAS, shown_size


def export_site(session: Session) -> str:
    """YAML of every account, project, membership, grant in force and policy; no passwords."""
    members: dict[str, list[str]] = defaultdict(list)
    for row in session.scalars(select(Membership).order_by(Membership.project, Membership.account)):
        members[row.project].append(row.account)
    grants: dict[str, list[Any]] = defaultdict(list)
    query = (
        select(Grant.project, Extract.name, Extract.version, Grant.expires)
        .join(Extract, Extract.id == Grant.extract_id)
        .where(Grant.revoked.is_(None))
        .order_by(Grant.project, Extract.name, Extract.version)
    )
    for project, name, version, expires in session.execute(query):
        reference = f"{name}@{version}"
        grants[project].append({"extract": reference, "expires": expires} if expires else reference)
    document = {
        "policies": policies(session),
        "accounts": {
            account.name: _account(account)
            for account in session.scalars(select(Account).order_by(Account.name))
        },
        "projects": {
            project.name: _project(project, members[project.name], grants[project.name])
            for project in session.scalars(select(Project).order_by(Project.name))
        },
    }
    filled = {key: value for key, value in document.items() if value}
    return yaml.safe_dump(filled, allow_unicode=True, sort_keys=False, width=100)


def _account(account: Account) -> dict[str, Any]:
    held = [role.value for role in Role if role in account.roles]
    made: dict[str, Any] = {"display_name": account.display_name, "roles": held}
    if account.status is not AccountStatus.ACTIVE:
        made["status"] = account.status.value
    return made


def _project(project: Project, members: list[str], grants: list[Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"title": {"en": project.title_en, "zh": project.title_zh}}
    if project.status is not ProjectStatus.ACTIVE:
        made["status"] = project.status.value
    if project.expires:
        made["expires"] = project.expires
    for paper in ("approval", "agreement"):
        if number := getattr(project, f"{paper}_number"):
            made[paper] = {"number": number}
            if expires := getattr(project, f"{paper}_expires"):
                made[paper]["expires"] = expires
    if quotas := _quotas(project):
        made["quotas"] = quotas
    return made | ({"members": members} if members else {}) | ({"extracts": grants} if grants else {})


def _quotas(project: Project) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, default in QUOTAS.items():
        value = getattr(project, name)
        if value != default:
            sized = name in ("memory_bytes", "disk_bytes")
            made[name.removesuffix("_bytes") if sized else name] = shown_size(value) if sized else value
    return made
