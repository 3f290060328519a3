"""JupyterHub's roles at a Carrel site. Nobody is a hub admin; duties are the registry's roles."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from provisioning.registry.models import MEMBER_ROLES, Role
from provisioning.registry.roles import works_on_data


def groups_of(roles: Set[Role]) -> list[str]:
    """The hub's groups of who holds ``roles``: one each; none opens desks that they may not have."""
    held = roles if works_on_data(roles) else roles - MEMBER_ROLES
    return sorted(role.value for role in held)


def load_roles() -> list[dict[str, Any]]:
    """For ``c.JupyterHub.load_roles``: a user's own desks and the portal, and nothing of anybody else's."""
    return [
        {
            "name": "user",
            "description": "Everyone: their own account, and the portal",
            "scopes": ["read:users!user", "access:services!service=portal"],
        },
        {
            "name": "desk",
            "description": "Analysts and engineers: their own desks",
            "scopes": ["servers!user", "access:servers!user", "read:servers!user", "users:activity!user"],
            "groups": [Role.ANALYST.value, Role.ENGINEER.value],
        },
        {
            "name": "portal",
            "description": "The portal: whose desks run, to show it; and ending those that lost their right",
            "scopes": ["list:users", "read:users:name", "read:servers", "delete:servers"],
            "services": ["portal"],
        },
        {
            "name": "metrics",
            "description": "Prometheus: the hub's numbers, and by the service's name the portal's",
            "scopes": ["read:metrics"],
            "services": ["metrics"],
        },
        {
            "name": "server",
            "description": "A desk: say that it is in use",
            "scopes": ["users:activity!user", "access:servers!server"],
        },
    ]
