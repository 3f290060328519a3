"""The API that desks use: what a desk is told, files for a release, release requests, events.

Only a desk's own token gets in (`desk_identity`). No cookie counts, so there is nothing for a page of
somebody else's to forge.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from jupyterhub.services.auth import HubOAuth
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from tornado import web
from tornado.http1connection import HTTP1Connection

from export_guard.airlock.store import Incoming, Store, StoreRefused, too_large
from export_guard.contents import names
from export_guard.contents.problems import Refused as NameRefused
from hub_config.portal import PREFIX, desk_reading, desk_reports, presence
from hub_config.portal.desk_identity import DeskId, desk_of, token_in
from hub_config.portal.handlers import Refused, SignedInApi
from hub_config.portal.receipts import Receipts
from provisioning.audit import trail
from provisioning.refusal import Refusal
from provisioning.registry import database, events, releases
from provisioning.registry.access import AccessDenied
from provisioning.registry.models import ReleaseRequest
from provisioning.registry.releases import Asked, ReleaseRefused

log = logging.getLogger("carrel.portal")

NUMBERED_AGAIN = 5
"""Times that a request is tried to be numbered, where another process takes the number."""


class DeskApi(SignedInApi):
    """For a desk that the hub knows. Default: nothing else gets in."""

    desk: DeskId

    async def prepare(self) -> None:
        token = token_in(self.request.headers)
        found = desk_of(await self._model(token)) if token else None
        if found is None:
            raise Refused(403, "Only a desk may do this.")
        self.desk = found

    async def _model(self, token: str) -> dict[str, Any] | None:
        hub_auth: HubOAuth = self.settings["hub_auth"]
        try:
            # By token alone: the hub's own cookies have no say.
            return await hub_auth.user_for_token(token, sync=False)
        except web.HTTPError as error:
            raise Refused(503, "The hub does not answer. Try again in a minute.") from error

    def check_xsrf_cookie(self) -> None:
        """A request with a cookie is refused before."""

    def refusal(self, status: int, error: BaseException | None) -> tuple[int, str]:
        if isinstance(error, ReleaseRefused | StoreRefused):
            return error.status, error.text(self.language)
        if isinstance(error, AccessDenied):
            # A desk knows its own project: why it is closed is no secret to it.
            return 403, error.text(self.language)
        return super().refusal(status, error)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, ReleaseRefused | StoreRefused):
            super().log_exception(typ, value, tb)

    @property
    def store(self) -> Store:
        """The airlock's store."""
        return self.settings["airlock"]

    @property
    def receipts(self) -> Receipts:
        """Receipts for what desks bring."""
        return self.settings["receipts"]


class DeskInfo(DeskApi):
    """``GET api/desk``"""

    async def get(self) -> None:
        self.answer_json(await self.ask(desk_reading.desk_document, self.desk))


@web.stream_request_body
class DeskFile(DeskApi):
    """``PUT api/desk/files/<sha256>``: the content, in a stream. Answers its receipt.

    What is refused in `prepare` ends the connection, often before the desk has read why: tornado
    does not read on. So what a desk may well run into is refused when its file is there, and dropped.
    """

    size = 0
    incoming: Incoming | None = None
    problem: Refusal | None = None
    gone = False
    """Whether the desk left before its file was whole."""

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method != "PUT":
            raise web.HTTPError(405)
        announced = self.request.headers.get("Content-Length", "")
        if not (announced.isascii() and announced.isdigit() and len(announced) <= 15):
            raise Refused(411, "Say how large the file is (Content-Length).")
        self.size = int(announced)
        if self.size > self.store.largest_file:
            raise too_large(self.store.largest_file)
        cast(HTTP1Connection, self.request.connection).set_max_body_size(self.size)
        try:
            await self.ask(self._room)
            begun = await asyncio.to_thread(self.store.incoming, self.path_args[0], self.size)
        except Refusal as refused:
            self.problem = refused
            return
        self.incoming = begun
        if self.gone:
            begun.abort()

    def _room(self, session: Session) -> None:
        releases.room(session, project=self.desk.project, account=self.desk.user, size=self.size)

    async def data_received(self, chunk: bytes) -> None:
        if self.incoming is not None and self.problem is None:
            try:
                await asyncio.to_thread(self.incoming.write, chunk)
            except StoreRefused as refused:
                self.problem = refused

    async def put(self, sha256: str) -> None:
        if self.problem is not None:
            raise self.problem
        assert self.incoming is not None
        await asyncio.to_thread(self.incoming.finish)
        self.answer_json({"receipt": self.receipts.make(self.desk, sha256, self.size)}, 201)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Connection", "close")
        super().write_error(status_code, **kwargs)

    def on_connection_close(self) -> None:
        self.gone = True
        self._forget()
        super().on_connection_close()

    def on_finish(self) -> None:
        self._forget()

    def _forget(self) -> None:
        if self.incoming is not None:
            self.incoming.abort()


class DeskReleases(DeskApi):
    """``POST api/desk/releases``: a draft of a request, for files that were brought before."""

    async def post(self) -> None:
        body = self.body()
        files = await asyncio.to_thread(self._files, body.get("files"))
        made = await asyncio.to_thread(self._create, body, files)
        log.info("release request %d: %d files of %s", made.number, len(files), self.desk.project)
        self.answer_json({"number": made.number, "id": made.id, "url": release_url(made)}, 201)

    def _files(self, given: object) -> list[Asked]:
        if not isinstance(given, list) or len(given) > releases.MOST_FILES:
            raise ReleaseRefused(400, "Ask for 1 to {limit} files at a time.", limit=releases.MOST_FILES)
        return [self._file(each) for each in given]

    def _file(self, given: object) -> Asked:
        if not isinstance(given, dict):
            raise Refused(400, "{field}: must be a list of objects.", field="files")
        path, sha256 = given.get("path"), given.get("sha256")
        try:
            parts = names.split(path) if isinstance(path, str) else ()
            size = self.store.size(sha256) if isinstance(sha256, str) else None
        except (NameRefused, ValueError):
            parts, size = (), None
        if not parts:
            raise Refused(400, "A file's path is empty, too long or not plain. Rename the file.")
        # One answer whether the store has no such file or another desk brought it.
        if size is None or not self.receipts.holds(given.get("receipt"), self.desk, str(sha256), size):
            raise Refused(409, "A file was not copied to the airlock. Ask again.")
        return Asked("/".join(parts), str(sha256), size)

    def _create(self, body: dict[str, Any], files: list[Asked]) -> ReleaseRequest:
        registry: Engine = self.registry
        for turn in range(NUMBERED_AGAIN):
            try:
                with database.writing(registry) as session:
                    return releases.create_draft(
                        session,
                        project=self.desk.project,
                        requested_by=self.desk.user,
                        purpose=body.get("purpose"),
                        recipient=body.get("recipient"),
                        files=files,
                    )
            except IntegrityError:
                if turn == NUMBERED_AGAIN - 1:
                    raise
        raise AssertionError


class DeskEvents(DeskApi):
    """``POST api/desk/events``: a batch of events, one JSON object a line.

    Taken from any desk that stands, also of a project that is closed by now: what happened is kept.
    """

    async def post(self) -> None:
        if self.request.headers.get("Content-Type", "") != desk_reports.MEDIA_TYPE:
            raise Refused(415, "Events come as {type}.", type=desk_reports.MEDIA_TYPE)
        try:
            batch = desk_reports.read(self.request.body)
        except Refusal as refusal:
            raise Refused(413, refusal.message, **refusal.values) from refusal
        stored = await asyncio.to_thread(self._store, batch.reports, len(batch.refused))
        self.settings["metrics"].received(self.desk.project, batch.reports)
        refused = {str(position): said.text(self.language) for position, said in batch.refused.items()}
        self.answer_json({"stored": stored, "known": len(batch.reports) - stored, "refused": refused})

    def _store(self, reports: list[events.Report], refused: int) -> int:
        who: dict[str, Any] = {"source": "desk", "user": self.desk.user, "project": self.desk.project}
        with database.writing(self.registry) as session:
            if refused:
                # That there was something, and not what: it may be anything.
                detail = {"reason": "desk-report", "count": refused}
                trail.record(session, "malformed", **who, detail=detail)
            return events.add(session, **who, reports=reports)


class DeskSessions(DeskApi):
    """``POST api/desk/sessions``: in which sessions the desk's person acted; answers which are over."""

    async def post(self) -> None:
        body = self.body()
        try:
            over = await asyncio.to_thread(presence.of_desk, self.registry, self.desk.user, body)
        except Refusal as refusal:
            raise Refused(400, refusal.message, **refusal.values) from refusal
        self.answer_json({"over": over})


class DeskNumbers(DeskApi):
    """``POST api/desk/numbers``: what the desk's guard did since it told last, for the metrics."""

    async def post(self) -> None:
        try:
            self.settings["metrics"].numbers.told(self.desk, self.body())
        except Refusal as refusal:
            raise Refused(400, refusal.message, **refusal.values) from refusal
        self.answer_json({})


def release_url(request: ReleaseRequest) -> str:
    """Where a person follows a request. Requests have no page of their own yet."""
    return PREFIX
