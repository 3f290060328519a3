"""The real hub on its real configuration, without proxy and Docker, as a browser and a program use it."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
from hub_docker import api_error
from jupyterhub import orm
from jupyterhub.app import JupyterHub
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

import hub_config
from hub_config.project_spawner import ProjectSpawner
from provisioning.accounts import keys
from provisioning.registry import database
from provisioning.registry.models import Credentials

CONFIG = Path(hub_config.__file__).with_name("jupyterhub_config.py")
PORTAL_TOKEN = "p" * 64
KEPT = ("CARREL_REGISTRY_URL", "CARREL_KEYS")


def fresh_code(registry, name: str) -> str:
    """A code that was not used: as though the last sign-in were long ago."""
    with database.writing(registry) as session:
        row = session.get(Credentials, name)
        if row is None:
            return "000000"
        row.totp_counter = None
        return pyotp.TOTP(keys.unseal(name, row.totp_secret)).now()


class Hub:
    """A running hub without proxy and Docker; `sign_in` is a browser's, `ask` a program's."""

    def __init__(self, app: JupyterHub, url: str):
        self.app, self.url = app, url
        self.browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def sign_in(self, name: str, password: str) -> int:
        """Sign in with a fresh browser: 302 goes on, 403 stays."""
        self.browser.cookie_jar.clear()
        xsrf = re.search(
            r'name="_xsrf" value="([^"]+)"', await (await self.browser.get(f"{self.url}login")).text()
        )
        form = {"username": name, "password": password, "_xsrf": xsrf[1] if xsrf else ""}
        form["code"] = fresh_code(self.app.authenticator.registry, name)
        async with self.browser.post(f"{self.url}login", data=form, allow_redirects=False) as answer:
            return answer.status

    async def page(self, path: str) -> tuple[int, str]:
        """Status and place of a page for the browser's user; it follows no redirect."""
        async with self.browser.get(f"{self.url}{path}", allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def token(self, name: str, password: str) -> str:
        """A token that may all that ``name`` may, once they have signed in."""
        assert await self.sign_in(name, password) == 302
        return self.user(name).new_api_token()

    def user(self, name: str) -> orm.User:
        return orm.User.find(self.app.db, name)

    async def ask(self, token: str, method: str, path: str, body: Any = None) -> int:
        headers = {"Authorization": f"token {token}"}
        async with self.browser.request(
            method, f"{self.url}api/{path}", headers=headers, json=body
        ) as answer:
            return answer.status


async def no_docker(_: ProjectSpawner, method: str, *arguments: Any, **__: Any) -> None:
    raise api_error(f"this test wants no {method} {arguments}")


@pytest.fixture
async def hub(registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    for name in os.environ:
        if name.startswith(("JUPYTERHUB", "CARREL_")) and name not in KEPT:
            monkeypatch.delenv(name)
    monkeypatch.setenv("CARREL_PORTAL_TOKEN", PORTAL_TOKEN)
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "c" * 64)
    monkeypatch.setattr(ProjectSpawner, "_registry", None)
    # Should a right be open that must not be, no desk comes up on this machine for it.
    monkeypatch.setattr(ProjectSpawner, "docker", no_docker)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")
    app = JupyterHub()
    here = [f"--JupyterHub.db_url=sqlite:///{tmp_path}/hub.sqlite", "--log-level=CRITICAL"]
    here += [f"--JupyterHub.cookie_secret_file={tmp_path}/cookie_secret", f"--config={CONFIG}"]
    await app.initialize(here)
    server = HTTPServer(app.tornado_application)
    socket, port = bind_unused_port()
    server.add_sockets([socket])
    made = Hub(app, f"http://127.0.0.1:{port}/hub/")
    yield made
    await made.browser.close()
    server.stop()
    await server.close_all_connections()
    app.db.close()
    JupyterHub.clear_instance()
