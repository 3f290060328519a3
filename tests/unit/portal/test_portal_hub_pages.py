"""The hub's pages: their language follows the request, and the line for the person is in them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import jinja2
import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from hub_config import portal

FOLDER = Path(portal.__file__).parent / "hub_templates"
NAMESPACE = {
    "base_url": "/hub/",
    "prefix": "/",
    "user": SimpleNamespace(name="li-wei", escaped_name="li-wei", json_escaped_name="li-wei"),
    "login_url": "/hub/login",
    "logout_url": "/hub/logout",
    "xsrf": "the-token",
    "static_url": lambda path, **_: f"/hub/static/{path}",
    "authenticator_login_url": "/hub/login?next=",
    "spawner": SimpleNamespace(name="heart"),
    "progress_url": "/hub/api/progress?a=1&b=2",
    "server_name": "heart",
    "spawn_url": "/hub/spawn/li-wei/heart",
    "status_code": 500,
    "status_message": "Internal Server Error",
}


def render(name: str, **values: object) -> str:
    """As `jupyterhub.handlers.BaseHandler.render_template` does."""
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(FOLDER), autoescape=True)
    called = {key: each(None) if callable(each) else each for key, each in portal.template_vars.items()}
    return environment.get_template(name).render({**NAMESPACE, **called, **values})


class Page(RequestHandler):
    async def get(self) -> None:
        await asyncio.sleep(float(self.get_query_argument("wait")))
        self.finish(render("login.html"))


@pytest.fixture
async def url():
    server = HTTPServer(Application([("/", Page)], **portal.HUB_TORNADO_SETTINGS))
    socket, port = bind_unused_port()
    server.add_sockets([socket])
    yield f"http://127.0.0.1:{port}/?wait="
    server.stop()
    await server.close_all_connections()


async def test_each_request_has_its_own_language(url):
    async with aiohttp.ClientSession() as browser:

        async def page(language: str, wait: float) -> str:
            async with browser.get(f"{url}{wait}", headers={"Accept-Language": language}) as answer:
                return await answer.text()

        asked = [("zh-CN", 0.3), ("en", 0.1), ("zh-TW", 0.0), ("fr", 0.2)]
        pages = await asyncio.gather(*(page(*each) for each in asked))
        again = [await page("zh-CN", 0), await page("en", 0)]  # one connection, one after the other
    wanted = ["zh-CN", "en", "zh-CN", "en", "zh-CN", "en"]
    assert [text.split('lang="')[1].split('"')[0] for text in [*pages, *again]] == wanted


@pytest.mark.parametrize("page", sorted(path.name for path in FOLDER.glob("*.html")))
def test_every_page_renders_and_leads_back_to_the_portal(page):
    text = render(page)
    assert "<main" in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    if page != "login.html" and not page.startswith("sign_in_"):
        assert 'href="/services/portal/"' in text
    if page not in ("page.html",):
        assert "require.js" not in text


def test_a_refused_spawn_shows_its_line_as_text():
    line = "The project <heart> is suspended."
    for page, where in (("error.html", "message"), ("not_running.html", "failed_message")):
        text = render(page, failed=True, **{where: line})
        assert "The project &lt;heart&gt; is suspended." in text.split("<h1>")[1].split("</h1>")[0]


def test_an_unforeseen_error_shows_no_inside():
    text = render("error.html", message="Unhandled error starting server li-wei:heart")
    assert "Unhandled" not in text
    assert "Tell an administrator" in text


def test_a_wrong_password_is_said_and_the_name_is_kept():
    text = render("login.html", login_error="The name, the password or the code is wrong.", username='li"wei')
    assert "The name, the password or the code is wrong." in text
    assert 'value="li&#34;wei"' in text


def test_the_service_definition_asks_for_nothing_more():
    made = portal.service("the token")
    assert made["api_token"] == "the token"
    assert made["url"] == "http://portal:8090"
    assert made["oauth_client_allowed_scopes"] == []
    assert made["oauth_no_confirm"] is True
