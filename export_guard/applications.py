"""The named applications of an engine, in a browser: started, asked, filtered, counted.

jupyter-server-proxy brings what is configured (`ServerProcess`, `make_handlers`) and the way through a
unix socket (`UnixResolver`). Its own extension stays off, so that nothing proxies ports or absolute
addresses, and its handler is not used: that one speaks websocket, hands on every header, and lets an
answer pass that the browser asked for as an event stream, unread and without end.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from jupyter_server_proxy.config import LauncherEntry, ServerProcess, make_handlers
from jupyter_server_proxy.unixsock import UnixResolver
from tornado import web
from tornado.httpclient import HTTPRequest, HTTPResponse
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient
from traitlets import Float, Integer, Unicode
from traitlets.config import Configurable

import locales
from export_guard import pictures
from export_guard.denied import DeniedHandler
from export_guard.desk import SETTING, Desk
from export_guard.headers import OWN_POLICY
from export_guard.outputs import OutputLimits
from export_guard.outputs.html import cells, clean_html
from export_guard.reasons import sentence
from kernels.applications.manifest import APPLICATIONS, Application, socket_path
from kernels.desk.launcher_client import EngineRefused, EngineUnreachable, LauncherClient
from kernels.protocol import SOCKETS

# Scripts, forms, windows and downloads do not exist in the page. Its origin stays the desk's: a link of a
# page without one would be asked for without the person's cookies.
POLICY = (
    "sandbox allow-same-origin; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
# Selecting nothing, one copies nothing: the desk's own page does not see copying in a frame.
PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title><style>* {{ user-select: none !important }}</style></head>
<body>{body}</body>
</html>
"""
PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}(?:/|\Z)){0,8}")
# Percent-encoded, without a character that an address parser drops or takes for another.
QUERY_LINK = re.compile(r"\?(?:[A-Za-z0-9._~!$'()*+,;=:@/&-]|%[0-9A-Fa-f]{2}){0,2000}")
SHOWN = {
    "page": "The application's answer is no page or image that may be shown here.",
    "too-large": "The application's answer is too large to be shown.",
    "too-late": "The application did not answer in time. Try a smaller question.",
    "attachment": "Downloads are closed. Ask for a release to take results out.",
}
UNREACHABLE = "The engine does not answer. Start a notebook, or try again in a minute."
NOT_THERE = "This project's engine does not have this application."
INSIDE = "Open this application in the desk's launcher: it is shown on the desk's page only."


class ApplicationSettings(Configurable):
    """``c.ApplicationSettings.…``"""

    sockets = Unicode(SOCKETS, config=True, help="Where the engine's sockets are.")
    seconds = Float(20.0, config=True, help="Time for one answer, in seconds.")
    starting = Float(
        15.0, config=True, help="Time in which an application that starts must listen, in seconds."
    )
    headers = Integer(32, config=True, help="Most headers of an answer.")
    header_bytes = Integer(8 * 1024, config=True, help="Largest head of an answer, in bytes.")
    query_bytes = Integer(2048, config=True, help="Longest query that is passed on, in bytes.")
    at_once = Integer(4, config=True, help="Requests that one desk has under way.")


class Withheld(Exception):
    """An answer that is not shown; ``reason`` is a key of `SHOWN`."""

    def __init__(self, reason: str, size: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.size = size


@dataclass(frozen=True)
class Answer:
    """What is shown."""

    media_type: str
    data: bytes | str
    cells: int = 0


def own_link(reference: str) -> str | None:
    """A link that changes nothing but the query of the page it stands on."""
    return reference if QUERY_LINK.fullmatch(reference) else None


def checked(response: HTTPResponse, limits: OutputLimits, most_headers: int) -> Answer:
    """The part of an answer that may be shown. Raises `Withheld`."""
    headers, data = response.headers, response.body or b""
    if len(list(headers.get_all())) > most_headers:
        raise Withheld("page", len(data))
    dispositions = headers.get_list("Content-Disposition")
    if any(value.partition(";")[0].strip().lower() != "inline" for value in dispositions):
        raise Withheld("attachment", len(data))
    types = headers.get_list("Content-Type")
    refused = ("Set-Cookie", "Location", "Refresh", "Content-Encoding", "Content-Range")
    if response.code != 200 or len(types) != 1 or any(name in headers for name in refused):
        raise Withheld("page", len(data))
    media_type, _, parameters = types[0].lower().partition(";")
    media_type = media_type.strip()
    if media_type == "text/html" and parameters.replace('"', "").strip() in ("", "charset=utf-8"):
        return _html(data, limits)
    if media_type in ("image/png", "image/jpeg") and not parameters:
        return _image(data, limits)
    raise Withheld("page", len(data))


def _html(data: bytes, limits: OutputLimits) -> Answer:
    if len(data) > limits.html_bytes:
        raise Withheld("too-large", len(data))
    try:
        cleaned = clean_html(data.decode("utf-8"), limits, own_link)
    except UnicodeDecodeError:
        raise Withheld("page", len(data)) from None
    if cleaned is None:
        raise Withheld("too-large", len(data))
    return Answer("text/html", cleaned, cells(cleaned))


def _image(data: bytes, limits: OutputLimits) -> Answer:
    if len(data) > limits.image_bytes:
        raise Withheld("too-large", len(data))
    try:
        image = pictures.rewritten(data, pixels=limits.image_pixels)
    except pictures.NotAPicture:
        raise Withheld("page", len(data)) from None
    return Answer(image.media_type, image.data)


@contextmanager
def own_socket(name: str, sockets: str) -> Iterator[str]:
    """A path to an application's socket that stays that socket, whatever the engine puts in its place.

    Raises FileNotFoundError where there is none. A link is none: it could lead to a socket of the desk.
    """
    handle = os.open(socket_path(name, sockets), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise FileNotFoundError(name)
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)


class Asking:
    """Asks an engine's applications, a few at a time."""

    def __init__(self, settings: ApplicationSettings, limits: OutputLimits) -> None:
        self.settings = settings
        self.limits = limits
        self.launcher = LauncherClient(settings.sockets)
        self.free = asyncio.Semaphore(settings.at_once)

    async def ask(self, application: Application, path: str, query: str, language: str) -> Answer:
        """Start the application where it does not run, ask it, and give what may be shown.

        Raises
        ------
        Withheld
            When its answer is not shown.
        EngineUnreachable, EngineRefused
            When there is no application to ask.
        """
        async with self.free:
            await self.launcher.ask("application", name=application.name)
            response = await self._fetch(application, path, query, language)
            return await asyncio.to_thread(checked, response, self.limits, self.settings.headers)

    async def _fetch(self, application: Application, path: str, query: str, language: str) -> HTTPResponse:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.starting
        while True:
            try:
                with own_socket(application.name, self.settings.sockets) as socket:
                    return await self._once(socket, path, query, language)
            except (ConnectionRefusedError, OSError) as error:
                listens = not isinstance(error, ConnectionRefusedError | FileNotFoundError)
                if listens or loop.time() >= deadline:
                    raise EngineUnreachable("the application does not answer") from error
            await asyncio.sleep(0.05)

    async def _once(self, socket: str, path: str, query: str, language: str) -> HTTPResponse:
        client = SimpleAsyncHTTPClient(
            force_instance=True,
            resolver=UnixResolver(socket),
            max_header_size=self.settings.header_bytes,
            max_body_size=max(self.limits.html_bytes, self.limits.image_bytes),
        )
        # The whole request: no header of the browser's is in it.
        request = HTTPRequest(
            f"http://localhost/{path}" + (f"?{query}" if query else ""),
            headers={"Accept-Language": language.replace("_", "-")},
            user_agent="carrel",
            follow_redirects=False,
            decompress_response=False,
            connect_timeout=self.settings.seconds,
            request_timeout=self.settings.seconds,
        )
        try:
            return await client.fetch(request, raise_error=False)
        except HTTPTimeoutError:
            raise Withheld("too-late") from None
        except OSError:
            raise
        except Exception as error:  # whatever tornado makes of bytes that are no answer
            raise Withheld("page") from error
        finally:
            client.close()


class ApplicationHandler(JupyterHandler):
    """``/<name>/…``: GET only, for a frame of the desk's own page."""

    SUPPORTED_METHODS = ("GET",)  # type: ignore[assignment]
    auth_resource = "carrel"

    def initialize(self, named: Application) -> None:  # type: ignore[override]
        self.named = named

    @property
    def desk(self) -> Desk:
        """The guard's parts."""
        return self.settings[SETTING]

    @property
    def language(self) -> str:
        """The reader's language."""
        return locales.choose(self.request.headers.get("Accept-Language"))

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer with a page or an image, or one line."""
        headers, query = self.request.headers, self.request.query
        asking: Asking = self.settings[ASKING]
        # Browsers send these where they can: shown in a window of its own, a page would have no watermark.
        framed = headers.get("Sec-Fetch-Dest", "iframe") == "iframe"
        if not framed or headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self._say(403, locales.text(self.language, INSIDE))
        elif "Upgrade" in headers or not PATH.fullmatch(path) or not _plain(query, asking.settings):
            self._say(400, sentence("path", self.language))
        elif not self.desk.budget.allows():
            self._withhold("budget", 0, sentence("budget", self.language))
        else:
            await self._ask(asking, path, query)

    async def _ask(self, asking: Asking, path: str, query: str) -> None:
        try:
            answer = await asking.ask(self.named, path, query, self.language)
        except Withheld as withheld:
            line = locales.text(self.language, SHOWN[withheld.reason])
            self._withhold(withheld.reason, withheld.size, line)
        except EngineRefused as refused:
            self.log.warning("the engine refused an application: %s", refused)
            self._say(502, locales.text(self.language, NOT_THERE))
        except (EngineUnreachable, TimeoutError):
            self._say(502, locales.text(self.language, UNREACHABLE))
        else:
            self.desk.budget.spend(len(answer.data), answer.cells)
            if isinstance(answer.data, str):
                self._page(answer.data)
            else:
                self.set_header("Content-Disposition", "inline")
                self.set_header(OWN_POLICY, POLICY)
                self.set_header("Content-Type", answer.media_type)
                self.finish(answer.data)

    def _withhold(self, reason: str, size: int, line: str) -> None:
        self.desk.emitter.withheld(what=f"application/{self.named.name}", reason=reason, size=size)
        self._say(403 if reason == "budget" else 502, line)

    def _say(self, status: int, line: str) -> None:
        """Answer with one line in the reader's language."""
        self.set_status(status)
        self._page(f"<p>{escape(line)}</p>")

    def _page(self, body: str) -> None:
        language = self.language
        title = escape(self.named.title_in(language))
        self.set_header(OWN_POLICY, POLICY)
        self.set_header("Vary", "Accept-Language")
        page = PAGE.format(language=language.replace("_", "-"), title=title, body=body)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page)


def _plain(query: str, settings: ApplicationSettings) -> bool:
    return len(query) <= settings.query_bytes and QUERY_LINK.fullmatch("?" + query) is not None


class ApplicationsHandler(APIHandler):
    """``GET carrel/api/applications``: ``[{name, title: {en, zh}}]``."""

    auth_resource = "carrel"

    @web.authenticated
    @authorized
    def get(self) -> None:
        named = [{"name": each.name, "title": dict(each.title)} for each in APPLICATIONS.values()]
        self.finish({"applications": named})


ASKING = "carrel_applications"
"""The key of `Asking` in the web application's settings."""


class NamedApplication(ServerProcess):
    """jupyter-server-proxy's entry for an application of the manifest, with the guard's handler."""

    def __init__(self, application: Application, sockets: str, **options: Any) -> None:
        self.application = application
        entry = LauncherEntry(title=application.title["en"], path_info=application.name + "/")
        where = str(socket_path(application.name, sockets))
        super().__init__(name=application.name, unix_socket=where, launcher_entry=entry, **options)

    def make_proxy_handler(self) -> tuple[type, dict[str, Any]]:
        """Never one of jupyter-server-proxy's."""
        return ApplicationHandler, {"named": self.application}


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """An extension of its own beside the guard; the guard stands before its rules as before all."""
    return [{"module": "export_guard.applications"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    """Add the rules of the named applications, and the refusal of every other proxying."""
    settings = ApplicationSettings(parent=serverapp)
    app, base_url = serverapp.web_app, serverapp.base_url
    app.settings[ASKING] = Asking(settings, OutputLimits())
    processes = [NamedApplication(each, settings.sockets) for each in APPLICATIONS.values()]
    app.add_handlers(
        ".*$",
        [
            *make_handlers(base_url, processes),
            (url_path_join(base_url, "carrel/api/applications"), ApplicationsHandler),
            (base_url.rstrip("/") + r"/proxy(/.*)?", DeniedHandler, {"reason": "application"}),
        ],
    )
