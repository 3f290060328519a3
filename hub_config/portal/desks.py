"""Which of a person's desks run, asked of the hub; and having it stop one."""

from __future__ import annotations

import json
import logging
from urllib.parse import quote

from jupyterhub.services.auth import HubOAuth
from tornado.httpclient import AsyncHTTPClient

log = logging.getLogger("carrel.portal")

TIMEOUT = 3.0
"""Seconds. A page does not wait longer to know."""


async def running(hub_auth: HubOAuth, account: str) -> set[str]:
    """The projects in which ``account`` has a desk that is ready; none where the hub does not say."""
    try:
        response = await AsyncHTTPClient().fetch(
            f"{hub_auth.api_url.rstrip('/')}/users/{quote(account, safe='')}",
            headers={"Authorization": f"token {hub_auth.api_token}"},
            request_timeout=TIMEOUT,
            connect_timeout=TIMEOUT,
        )
        servers = json.loads(response.body).get("servers") or {}
        return {name for name, server in servers.items() if server.get("ready")}
    except Exception as error:  # whatever it is, the page is of use without it
        log.warning("the hub does not say which desks run: %s", error)
        return set()


async def stop(hub_auth: HubOAuth, account: str, project: str) -> None:
    """Have the hub stop a desk; done or under way when this returns.

    Raises tornado's `HTTPError`, or OSError, where the hub does not. 404: it knows no such desk.
    """
    await AsyncHTTPClient().fetch(
        f"{hub_auth.api_url.rstrip('/')}/users/{quote(account, safe='')}/servers/{quote(project, safe='')}",
        method="DELETE",
        headers={"Authorization": f"token {hub_auth.api_token}"},
        request_timeout=TIMEOUT,
        connect_timeout=TIMEOUT,
    )
