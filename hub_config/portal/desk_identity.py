"""Which desk a request comes from: its own token says so, and nothing else does.

A desk's token (``JUPYTERHUB_API_TOKEN``) has the scopes of the hub's role ``server``, for one server
of one person. Others look alike and must not do: the OAuth token of a desk, which the person's
browser holds in a cookie, opens the same server but cannot report activity; a person's own token
opens all of their servers, never exactly one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tornado.httputil import HTTPHeaders

from hub_config import naming

_AUTHORIZATION = re.compile(r"token ([A-Za-z0-9._~+/=-]{16,200})")
_BROWSERS = ("Cookie", "Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode")
"""Headers of which a desk sends none."""


@dataclass(frozen=True)
class DeskId:
    """One person's desk in one project."""

    user: str
    project: str


def token_in(headers: HTTPHeaders) -> str | None:
    """The token that a desk's request carries; None where it does not look like a desk's at all."""
    if any(name in headers for name in _BROWSERS):
        return None
    found = headers.get_list("Authorization")
    matched = _AUTHORIZATION.fullmatch(found[0]) if len(found) == 1 else None
    return matched[1] if matched else None


def desk_of(model: Mapping[str, Any] | None) -> DeskId | None:
    """The desk whose token the hub describes so (``GET /hub/api/user``), or None for any other."""
    if not model or model.get("kind") != "user" or model.get("session_id"):
        return None
    user, scopes = model.get("name"), model.get("scopes")
    if not isinstance(user, str) or not naming.NAME.fullmatch(user) or not isinstance(scopes, list):
        return None
    prefix = f"access:servers!server={user}/"
    activity = f"users:activity!user={user}"
    # What the hub adds to every token, and what reporting activity includes.
    implied = {f"read:users:{what}!user={user}" for what in ("name", "groups", "activity")}
    rest = {scope for scope in scopes if isinstance(scope, str)} - implied
    servers = rest - {activity}
    # Exactly what the role `server` gives: a token that may more is somebody's, not a desk's.
    if activity not in rest or len(servers) != 1:
        return None
    (server,) = servers
    project = server.removeprefix(prefix)
    if not server.startswith(prefix) or not naming.NAME.fullmatch(project):
        return None
    return DeskId(user, project)
