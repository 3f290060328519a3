"""The desk's own addresses (``carrel/api/…``), which JupyterLab's part of the guard asks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from traitlets import Integer
from traitlets.config import Configurable

import locales
from export_guard import release
from export_guard.contents.problems import Refused
from export_guard.contents.workspace import Workspace
from export_guard.desk import SETTING, Desk
from export_guard.desk_texts import IDS
from export_guard.events import CLIPBOARD
from export_guard.portal_client import PortalAway, PortalClient, PortalRefused

PORTAL = "carrel_portal"
"""The key of the portal's client in the web application's settings."""
LARGEST_SIZE = 2**53


class ClipboardLimits(Configurable):
    """How much text a browser lets through the clipboard, in characters."""

    copy_chars = Integer(200, min=0, config=True, help="Characters that may be copied out of outputs.")
    paste_chars = Integer(20_000, min=0, config=True, help="Characters that may be pasted in.")


class DeskApi(APIHandler):
    """Errors are one line in the reader's language; nothing but JSON comes in."""

    auth_resource = "carrel"
    # The page asks by itself again and again: that is no sign of somebody at the desk.
    _track_activity = False

    @property
    def language(self) -> str:
        """The reader's language."""
        return locales.choose(self.request.headers.get("Accept-Language"))

    @property
    def desk(self) -> Desk:
        """The guard's parts."""
        return self.settings[SETTING]

    @property
    def portal(self) -> PortalClient:
        """The portal, as this server asks it."""
        if PORTAL not in self.settings:
            self.settings[PORTAL] = PortalClient(parent=self.serverapp)
        return self.settings[PORTAL]

    def body(self) -> Any:
        """What the request carries; None where that is no JSON."""
        if not self.request.headers.get("Content-Type", "").startswith("application/json"):
            return None
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            return None

    def say(self, status: int, message: str, **values: object) -> None:
        """Answer with one line."""
        self.say_line(status, locales.text(self.language, message, **values))

    def say_line(self, status: int, line: str) -> None:
        """Answer with a line that is in the reader's language already."""
        self.set_status(status)
        self.finish(json.dumps({"message": line}, ensure_ascii=False))


class DeskInfoHandler(DeskApi):
    """``GET carrel/api/desk``: who, which project, which data."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        try:
            told = await self.portal.desk(self.language)
        except PortalRefused as refused:
            self.say_line(refused.status, refused.line)
        except PortalAway:
            self.say(503, "The portal does not answer. Try again in a minute.")
        else:
            limits = ClipboardLimits(parent=self.serverapp)
            told["limits"] = {"copy_chars": limits.copy_chars, "paste_chars": limits.paste_chars}
            told["budget"] = self.desk.budget.report()
            self.finish(json.dumps(told, ensure_ascii=False))


class BudgetHandler(DeskApi):
    """``GET carrel/api/budget``: how much of the display budget is spent."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        self.finish(json.dumps(self.desk.budget.report()))


class TextsHandler(DeskApi):
    """``GET carrel/api/texts?language=zh_CN``: the page's texts by their English ids."""

    @web.authenticated
    @authorized
    def get(self) -> None:
        language = self.get_query_argument("language", "")
        if language not in locales.LANGUAGES:
            self.say(400, "{field}: must be en or zh_CN.", field="language")
            return
        self.finish(json.dumps({id: locales.text(language, id) for id in IDS}, ensure_ascii=False))


class EventsHandler(DeskApi):
    """``POST carrel/api/events`` ``{kind, size}``: what the page stopped at the clipboard."""

    @web.authenticated
    @authorized
    def post(self) -> None:
        told = self.body()
        if not isinstance(told, dict) or told.keys() != {"kind", "size"} or not _is_count(told["size"]):
            self.say(400, "An event has a kind and a size.")
        elif not isinstance(told["kind"], str) or told["kind"] not in CLIPBOARD:
            self.say(400, "There is no event of this kind.")
        else:
            self.desk.emitter.clipboard(kind=told["kind"], size=told["size"])
            self.set_status(204)
            self.finish()


class ReleasesHandler(DeskApi):
    """``POST carrel/api/releases`` ``{files, purpose, recipient}``: answers ``{number, url}``."""

    _track_activity = True
    _one_at_a_time = asyncio.Semaphore(1)

    @web.authenticated
    @authorized
    async def post(self) -> None:
        if self._one_at_a_time.locked():
            self.say(409, "Files are being copied for another release request. Wait until it is made.")
            return
        async with self._one_at_a_time:
            try:
                request = release.asked(self.body())
                made = await release.ask(self._workspace(), self.portal, request, self.language)
            except Refused as refused:
                self.say_line(refused.status, refused.sentence(self.language))
            except release.Unasked as unasked:
                self.say(unasked.status, unasked.message, **unasked.values)
            except PortalRefused as refused:
                self.say_line(refused.status, refused.line)
            except PortalAway as away:
                self.log.warning("the portal does not answer: %s", away)
                self.say(503, "The portal does not answer, and nothing was asked for. Try again in a minute.")
            else:
                facts = {name: int(made[name]) for name in ("number", "count", "size")}
                self.desk.emitter.release_asked(id=str(made["id"]), **facts)
                self.set_status(201)
                self.finish(json.dumps({"number": made["number"], "url": made.get("url")}))

    def _workspace(self) -> Workspace:
        workspace: Workspace = self.contents_manager.workspace  # type: ignore[attr-defined] # GuardedContentsManager
        return workspace


def handlers(base_url: str) -> list[tuple[str, type[APIHandler]]]:
    """The rules for the web application of a server below ``base_url``."""
    found: dict[str, type[APIHandler]] = {
        "desk": DeskInfoHandler,
        "budget": BudgetHandler,
        "texts": TextsHandler,
        "events": EventsHandler,
        "releases": ReleasesHandler,
    }
    return [(url_path_join(base_url, "carrel/api", name), handler) for name, handler in found.items()]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_SIZE
