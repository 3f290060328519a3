"""The portal: a JupyterHub service where people find their projects, standard analyses and results.

This module is what the hub's configuration needs of it; `application` is the web application itself.
"""

from __future__ import annotations

from typing import Any

from hub_config.portal.hub_pages import HUB_HEADERS, HUB_TORNADO_SETTINGS, template_vars

PREFIX = "/services/portal/"
NAME = "portal"
PORT = 8090

__all__ = [
    "HUB_HEADERS",
    "HUB_TORNADO_SETTINGS",
    "NAME",
    "PORT",
    "PREFIX",
    "metrics_service",
    "service",
    "template_vars",
]


def service(token: str) -> dict[str, Any]:
    """The portal for ``c.JupyterHub.services``; ``token`` is also the portal's ``CARREL_PORTAL_TOKEN``."""
    return {
        "name": NAME,
        "url": f"http://{NAME}:{PORT}",
        "api_token": token,
        # Part of the site, so nobody is asked whether it may know who they are.
        "oauth_no_confirm": True,
        # Beyond identity and access to the portal itself, it gets nothing in a person's name.
        "oauth_client_allowed_scopes": [],
        "display": False,
    }


def metrics_service(token: str | None) -> dict[str, Any]:
    """Prometheus for ``c.JupyterHub.services``; without ``token`` it can ask for nothing."""
    named: dict[str, Any] = {"name": "metrics", "display": False}
    return {**named, "api_token": token} if token else named
