"""The portal's addresses and settings."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any, Protocol

import jinja2
from jupyterhub.services.auth import HubOAuth
from sqlalchemy import Engine
from tornado.log import access_log
from tornado.web import Application, RequestHandler

from export_guard.airlock.store import Store
from hub_config.portal import NAME, PREFIX, api, desk_api, handlers, metrics, project_pages, run_pages
from hub_config.portal.receipts import Receipts
from provisioning.settings import data_root

HERE = Path(__file__).parent
REMEMBERED = 30
"""Seconds for which the hub is not asked again who a token is."""

# Only such addresses exist; anything else never reaches a handler that asks the registry.
PROJECT = r"projects/([a-z][a-z0-9-]{0,30}[a-z0-9])"
TEMPLATE = r"([a-z][a-z0-9-]{0,30}[a-z0-9])"
RUN = r"([0-9a-f]{32})"
DIGEST = r"([0-9a-f]{64})"


class Runs(Protocol):
    """What the portal needs of `hub_config.portal.worker.Worker`."""

    def wake(self) -> None: ...

    async def cancel(self, run_id: str) -> None: ...


def hub_auth(token: str, api_url: str, hub_prefix: str = "/hub/") -> HubOAuth:
    """How the portal asks the hub who somebody is; ``token`` is the service's own."""
    return HubOAuth(
        api_token=token,
        api_url=api_url,
        base_url=PREFIX,
        hub_prefix=hub_prefix,
        oauth_client_id=f"service-{NAME}",
        access_scopes={"access:services", f"access:services!service={NAME}"},
        cache_max_age=REMEMBERED,
        cookie_options={"samesite": "Lax"},
    )


def make_application(registry: Engine, auth: HubOAuth, worker: Runs) -> Application:
    """The web application; ``worker`` is already at work."""
    counted = metrics.Metrics(registry)

    def log_function(handler: RequestHandler) -> None:
        counted.answered(handler)
        log_request(handler)

    return Application(
        [(PREFIX.rstrip("/") + rule, handler) for rule, handler in _rules()],
        default_handler_class=handlers.Nothing,
        registry=registry,
        metrics=counted,
        log_function=log_function,
        hub_auth=auth,
        hub_prefix=auth.hub_prefix,
        worker=worker,
        airlock=Store(data_root() / "airlock"),
        receipts=Receipts(auth.api_token),
        pages=pages(),
        # The same after a restart, so that nobody has to sign in again for it.
        cookie_secret=hmac.digest(auth.api_token.encode(), b"carrel portal cookies", hashlib.sha256),
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
        static_path=str(HERE / "static"),
        static_url_prefix=f"{PREFIX}static/",
        static_handler_class=handlers.Static,
    )


def log_request(handler: RequestHandler) -> None:
    """As tornado logs requests by itself, to the same log."""
    status = handler.get_status()
    log = access_log.info if status < 400 else access_log.warning if status < 500 else access_log.error
    log("%d %s %.2fms", status, handler._request_summary(), 1000.0 * handler.request.request_time())


def _rules() -> list[tuple[str, Any]]:
    return [
        ("/?", project_pages.Projects),
        ("/health", handlers.Health),
        ("/metrics", metrics.MetricsPage),
        ("/oauth_callback", handlers.SignInCallback),
        (f"/{PROJECT}/analyses", project_pages.Catalogue),
        (f"/{PROJECT}/analyses/{TEMPLATE}", project_pages.AnalysisForm),
        (f"/{PROJECT}/runs/{RUN}", run_pages.RunPage),
        (f"/{PROJECT}/runs/{RUN}/cancel", run_pages.CancelRun),
        (f"/{PROJECT}/runs/{RUN}/files/(.+)", run_pages.RunFile),
        ("/api/projects", api.ApiProjects),
        (f"/api/{PROJECT}/analyses", api.ApiAnalyses),
        (f"/api/{PROJECT}/runs", api.ApiRuns),
        (f"/api/{PROJECT}/runs/{RUN}", api.ApiRun),
        (f"/api/{PROJECT}/runs/{RUN}/cancel", api.ApiCancelRun),
        ("/api/desk", desk_api.DeskInfo),
        (f"/api/desk/files/{DIGEST}", desk_api.DeskFile),
        ("/api/desk/releases", desk_api.DeskReleases),
        ("/api/desk/events", desk_api.DeskEvents),
        ("/api/desk/sessions", desk_api.DeskSessions),
        ("/api/desk/numbers", desk_api.DeskNumbers),
    ]


def pages() -> jinja2.Environment:
    """The page templates: everything is escaped, and a missing value is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
