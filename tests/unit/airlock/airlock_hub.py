"""A real hub with the site's roles, and a desk of li-wei's in heart that is only an address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from jupyterhub import orm, roles
from jupyterhub.app import JupyterHub
from jupyterhub.spawner import Spawner
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from traitlets.config import Config

from hub_config import portal
from hub_config.roles import load_roles


class Answers(RequestHandler):
    def get(self, *_: str) -> None:
        self.finish("{}")


class AddressOnly(Spawner):
    """Starts nothing but something that answers."""

    server_of_tests: Any = None

    async def start(self) -> tuple[str, int]:
        socket, port = bind_unused_port()
        self.server_of_tests = HTTPServer(Application([("/.*", Answers)]))
        self.server_of_tests.add_sockets([socket])
        return "127.0.0.1", port

    async def stop(self, now: bool = False) -> None:
        self.server_of_tests.stop()

    async def poll(self) -> int | None:
        return None if self.server_of_tests else 0


class RealHub:
    """The hub's own application, listening."""

    def __init__(self, app: JupyterHub, url: str, server: HTTPServer) -> None:
        self.app, self.url, self.server = app, url, server
        self.browser = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    def user(self, name: str) -> Any:
        found = orm.User.find(self.app.db, name)
        if found is None:
            found = orm.User(name=name)
            self.app.db.add(found)
            found.groups.append(orm.Group.find(self.app.db, "analyst"))
            self.app.db.commit()
            roles.assign_default_roles(self.app.db, found)
        return self.app.users[found]

    async def desk_token(self, name: str, project: str) -> str:
        """As the spawner gives it to the desk: JUPYTERHUB_API_TOKEN."""
        await self.user(name).spawn(project)
        token: str = self.user(name).spawners[project].api_token
        return token

    async def browser_token(
        self, name: str, project: str, desk_token: str, *, forgetful: bool = False
    ) -> str:
        """The token that the desk keeps in the person's browser; ``forgetful``: without hub session id."""
        page = await (await self.browser.get(f"{self.url}login")).text()
        xsrf = re.search(r'name="_xsrf" value="([^"]+)"', page)
        form = {"username": name, "password": "x", "_xsrf": xsrf[1] if xsrf else ""}
        async with self.browser.post(f"{self.url}login", data=form, allow_redirects=False) as answer:
            assert answer.status == 302
        if forgetful:
            self.browser.cookie_jar.clear(lambda cookie: cookie.key == "jupyterhub-session-id")
        client, back = f"jupyterhub-user-{name}-{project}", f"/user/{name}/{project}/oauth_callback"
        asked = {"client_id": client, "redirect_uri": back, "response_type": "code", "state": "x"}
        async with self.browser.get(
            f"{self.url}api/oauth2/authorize", params=asked, allow_redirects=False
        ) as answer:
            assert answer.status == 302, await answer.text()
            code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        bought = {"client_id": client, "client_secret": desk_token, "grant_type": "authorization_code"}
        bought |= {"code": code, "redirect_uri": back}
        async with self.browser.post(f"{self.url}api/oauth2/token", data=bought) as answer:
            return str((await answer.json())["access_token"])

    async def model(self, token: str) -> dict[str, Any] | None:
        async with aiohttp.ClientSession() as alone:
            headers = {"Authorization": f"token {token}"}
            async with alone.get(f"{self.url}api/user", headers=headers) as answer:
                return await answer.json() if answer.status == 200 else None

    async def close(self) -> None:
        await self.browser.close()
        self.server.stop()
        await self.server.close_all_connections()
        self.app.db.close()
        JupyterHub.clear_instance()


async def start_hub(folder: Path) -> RealHub:
    config = Config()
    config.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
    config.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
    config.JupyterHub.authenticator_class = "dummy"
    config.JupyterHub.load_groups = {"analyst": {"users": []}, "engineer": {"users": []}}
    config.Authenticator.allow_all = True
    config.JupyterHub.load_roles = load_roles()
    config.JupyterHub.services = [portal.service("p" * 64), portal.metrics_service(None)]
    config.JupyterHub.spawner_class = AddressOnly
    config.JupyterHub.allow_named_servers = True
    config.JupyterHub.log_level = 50
    config.ConfigurableHTTPProxy.should_start = False
    config.ConfigurableHTTPProxy.auth_token = "c" * 64
    JupyterHub.clear_instance()
    app = JupyterHub(config=config)
    await app.initialize(["--log-level=CRITICAL"])
    server = HTTPServer(app.tornado_application)
    socket, port = bind_unused_port()
    server.add_sockets([socket])
    return RealHub(app, f"http://127.0.0.1:{port}/hub/", server)
